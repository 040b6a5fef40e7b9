/**
 * A PostgreSQL of Debian's package for one test file: a cluster of its own in a folder of its own, on a unix socket and no
 * port, without fsync. A shell holds it: when the test ends, or is killed, the shell ends PostgreSQL and removes the
 * folder.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import pg from 'pg';
import type { Test } from 'tap';

const SETTINGS = [
  'fsync=off',
  'shared_buffers=16MB',
  'max_connections=100',
  'autovacuum=off', // what a test locks and measures is its own
];
/** `stop` is a crash: connections break, nothing is written any more. When nobody is there to say anything, all ends. */
const HOLD = `program=$1 folder=$2; shift 2
  "$program" -D "$folder/data" -k "$folder" "$@" & pid=$!
  if read -r word; then kill -QUIT $pid; wait $pid; exit 0; fi
  kill -QUIT $pid; wait $pid; rm -rf "$folder"`;

export interface Postgres {
  readonly folder: string;
  /** The URL of one of its databases. */
  url(words?: Readonly<Record<string, string>>, database?: string): string;
  /** A connection of the test's own, as a superuser, that ends with the test. */
  client(database?: string): Promise<pg.Client>;
  start(): Promise<void>;
  /** Resolves when no process of it is left. */
  crash(): Promise<void>;
}

/** What a test wants otherwise, such as TLS. */
export interface PostgresOptions {
  /** In the name of the socket as well. */
  readonly port?: number;
  /** Puts files into its folder, before it starts, and answers with settings. */
  readonly prepare?: (folder: string) => readonly string[];
}

/**
 * Started; it ends after what the test tears down from here on.
 *
 * @param settings in place of those of the tests, where a server is measured
 */
export async function postgres(
  t: Pick<Test, 'teardown'>,
  settings: readonly string[] = SETTINGS,
  { port, prepare = () => [] }: PostgresOptions = {},
): Promise<Postgres> {
  const programs = programsFolder();
  const account = accountToRun();
  const folder = mkdtempSync(`${tmpdir()}/latchkey-pg-`);
  chmodSync(folder, 0o755); // services that have dropped to another user reach the socket
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const as = { ...account, cwd: folder };
  const initdb = ['-D', `${folder}/data`, '-U', 'latchkey', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'];
  execFileSync(`${programs}/initdb`, initdb, { ...as, stdio: ['ignore', 'ignore', 'inherit'] });

  let shell: ChildProcess | undefined;
  const clients: pg.Client[] = [];
  const url = (words: Readonly<Record<string, string>> = {}, database = 'postgres') =>
    `postgres://latchkey@/${database}?${new URLSearchParams({ host: folder, ...(port && { port: String(port) }), ...words })}`;
  const own = [...(port === undefined ? [] : [`port=${port}`]), ...prepare(folder)];
  if (account !== undefined) {
    for (const name of readdirSync(folder)) chownSync(`${folder}/${name}`, account.uid, account.gid);
  }
  const start = async () => {
    const options = ['listen_addresses=', ...settings, ...own].flatMap((setting) => ['-c', setting]);
    const args = ['-c', HOLD, 'sh', `${programs}/postgres`, folder, ...options];
    // A Ctrl-C is for whoever started it, who ends it.
    shell = spawn('/bin/sh', args, { ...as, stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    await ready(shell);
  };
  const ended = async (last?: string) => {
    const running = shell;
    shell = undefined;
    if (running === undefined) return;
    const exit = once(running, 'exit');
    running.stdin?.end(last);
    await exit;
  };
  await start();
  t.teardown(async () => {
    for (const client of clients) await client.end();
    await ended();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    url,
    client: async (database) => {
      const client = new pg.Client(url({}, database));
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    },
    start,
    crash: () => ended('stop\n'),
  };
}

function ready(shell: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    shell.stdin?.on('error', () => undefined);
    shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('ready to accept connections')) resolve();
    });
    shell.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
  });
}

/** The newest that Debian has installed: of another one there may be the client alone, or what its removal has left. */
function programsFolder(): string {
  const all = '/usr/lib/postgresql';
  const versions = (existsSync(all) ? readdirSync(all) : []).filter((version) =>
    existsSync(`${all}/${version}/bin/initdb`),
  );
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error("PostgreSQL is missing: 'apt-get install postgresql'");
  return `${all}/${newest}/bin`;
}

/** PostgreSQL refuses to run as root; its package has made an account. */
function accountToRun(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
