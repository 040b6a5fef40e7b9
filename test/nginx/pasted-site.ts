/**
 * A site with an nginx.conf of its own, into which the lines of `latchkey nginx` were pasted; a real nginx, and both
 * services as processes. The caller writes what is in the http block.
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { accountOf } from '../../src/host/account.js';
import { findNginx } from '../../src/host/nginx-program.js';
import { type Ending, latchkey, type Running, start, stopsBefore } from '../commands/program.js';
import { freePort } from './free-port.js';
import {
  type Answer,
  type AskOptions,
  exchange,
  LATCHKEY,
  plainEnvironment,
  requestBytes,
  tokenFor,
} from './running-site.js';

const KEEPER = fileURLToPath(new URL('keeps-socket.py', import.meta.url));

export interface Place {
  readonly folder: string;
  readonly port: number;
}

/** What `latchkey nginx` prints for the two blocks. */
export interface Lines {
  readonly http: string;
  readonly server: string;
}

export interface PastedSite extends Place {
  readonly authorizer: Running;
  /** All of them, where there are several. */
  readonly authorizers: readonly Running[];
  /** The nth of them once more, or the files service, where it has ended. */
  startAuthorizer(n: number): Promise<Running>;
  startFiles(): Promise<Running>;
  readonly nginx: Running;
  readonly files: Running;
  cli(words: string): Promise<number | null>;
  token(user: string): string;
  ask(method: string, target: string, options?: AskOptions): Promise<Answer>;
}

export interface PastedOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** The content of the http block. The files are below `site/media/` of the folder. */
  readonly http: (place: Place, lines: Lines) => string;
  /** How many of them. Their sockets, and that of the files service, are then kept open while they are restarted. */
  readonly restartedAuthorizers?: number;
  /** How many, where nobody keeps their sockets. */
  readonly authorizers?: number;
}

export async function pastedSite(t: Test, options: PastedOptions): Promise<PastedSite> {
  // A unix socket's path may have only 107 bytes, and nginx names it from the root.
  const folder = mkdtempSync(`${tmpdir()}/latchkey-`);
  stopsBefore(t);
  t.teardown(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  mkdirSync(`${folder}/site/media`, { recursive: true });
  const settings = {
    ...options.settings,
    LATCHKEY_DATA: `${folder}/data`,
    LATCHKEY_ROOT: `${folder}/site`,
    LATCHKEY_MOUNT: '/media/',
    LATCHKEY_LOG_LEVEL: 'info',
  };
  const { restartedAuthorizers } = options;
  const workers = String(restartedAuthorizers ?? options.authorizers ?? 1);
  const words = ['nginx', '--root', `${folder}/site`, '--mount', '/media/', '--workers', workers, '--json'];
  const printed = await latchkey(words, { env: { ...options.settings, LATCHKEY_DATA: `${folder}/data` } });
  const lines = JSON.parse(printed.stdout) as Lines;
  const service = (name: string, socket: string) => {
    const isKept = restartedAuthorizers !== undefined;
    const keeper = isKept ? [KEEPER, `${folder}/data/run/${socket}`] : [];
    const listen = isKept ? [] : ['--listen', `run/${socket}`];
    const [file = '', ...args] = [...keeper, LATCHKEY.file, ...LATCHKEY.args, name, ...listen];
    return start(t, [file, ...args], /Server listening/, { env: plainEnvironment(settings) });
  };
  await latchkey(['token', 'alice'], { env: settings }); // makes the data folder, and settles whose it is
  const { uid, gid } = statSync(`${folder}/data`);
  chownSync(`${folder}/site/media`, uid, gid);
  const startAuthorizer = (n: number) => service('authorizer', `authorizer-${n}.sock`);
  const startFiles = () => service('files', 'files.sock');
  const authorizer = await startAuthorizer(1);
  const authorizers = [authorizer];
  for (let n = 2; n <= Number(workers); n++) authorizers.push(await startAuthorizer(n));
  const files = await startFiles();
  const port = await freePort();
  const nginx = await startNginx(t, folder, uid, options.http({ folder, port }, lines));
  const secret = readFileSync(`${folder}/data/secret`, 'utf8').trim();
  return {
    folder,
    port,
    authorizer,
    authorizers,
    startAuthorizer,
    files,
    startFiles,
    nginx,
    cli: async (words) => (await latchkey(words.split(' '), { env: settings })).code,
    token: (user) => tokenFor(secret, user),
    ask: (method, target, asked = {}) => exchange(port, requestBytes(method, target, asked)),
  };
}

/** @param uid whose workers are, where root starts it; @param http the content of that block */
export function startNginx(t: Ending, folder: string, uid: number, http: string): Promise<Running> {
  const { program, mimeTypes } = findNginx('nginx');
  const user = process.getuid?.() === 0 ? `user ${accountOf(uid)?.name};` : '';
  const text = `
${user}
pid ${folder}/nginx.pid;
worker_processes 1;
events { }
http {
    include ${mimeTypes};
    client_body_temp_path ${folder}/temp-body;
    proxy_temp_path       ${folder}/temp-proxy;
    fastcgi_temp_path     ${folder}/temp-fastcgi;
    uwsgi_temp_path       ${folder}/temp-uwsgi;
    scgi_temp_path        ${folder}/temp-scgi;
${http}
}
`;
  writeFileSync(`${folder}/nginx.conf`, text);
  const args = ['-e', 'stderr', '-c', `${folder}/nginx.conf`];
  execFileSync(program, ['-t', ...args], { stdio: 'pipe' });
  return start(
    t,
    [program, ...args, '-g', 'daemon off; error_log stderr notice;'],
    /start worker process \d/,
  );
}
