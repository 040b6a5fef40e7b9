/**
 * Several files services of one PostgreSQL and one shared storage, each the real program in a data folder of its own, as
 * on machines of their own. Instead of waiting for the end of a lease, a test may end it by the clock of the server.
 */

import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { shortFolder } from '../http/asking-files.js';
import { type FilesProcess, spawnFiles } from '../http/files-process.js';
import { until } from '../nginx/running-site.js';
import type { Postgres } from '../postgres.js';

export const LIMIT_MS = 60_000;
export const STANDS_BY = /stands by/;
export const SERVES = /"msg":"Server listening at [^"]*files\.sock/;
export const EITHER = new RegExp(`${STANDS_BY.source}|${SERVES.source}`);

export interface FilesService extends FilesProcess {
  readonly pid: number;
  /** What it has written so far, on standard error. */
  said(): string;
  hasSaid(what: RegExp): Promise<string>;
}

export interface SharedStore {
  readonly env: Readonly<Record<string, string>> & { readonly LATCHKEY_DATABASE_URL: string };
  /** Of the nth service. */
  dataFolder(n: number): string;
  /** In the shared folder. */
  shared(name: string): string;
  start(n: number, env?: Readonly<Record<string, string>>): FilesService;
  /** The lease of whoever holds it has ended, by the clock of the server: as if its length had passed. */
  endLease(): Promise<void>;
  /** For a test that needs one whose holder is dead. */
  prolongLease(): Promise<void>;
  /** Who holds it; `undefined`: nobody. */
  holder(): Promise<string | undefined>;
}

let schemas = 0;

/** Asked for before anything that has to be there until its services have stopped. */
export async function sharedStore(t: Test, server: Postgres): Promise<SharedStore> {
  const folder = shortFolder(t);
  for (const name of ['shared', 'shared/root', 'shared/root/files', 'shared/partial']) {
    mkdirSync(`${folder}/${name}`);
    chmodSync(`${folder}/${name}`, 0o777); // services that root starts are another user
  }
  schemas += 1;
  const schema = `shared_${schemas}`;
  const env = {
    LATCHKEY_DATABASE_URL: server.url({ schema }),
    LATCHKEY_ROOT: `${folder}/shared/root`,
    LATCHKEY_PARTIAL: `${folder}/shared/partial`,
    LATCHKEY_ADMINS: 'user:root',
  };
  const client = await server.client();
  const dataFolder = (n: number) => `${folder}/data-${n}`;
  return {
    env,
    dataFolder,
    shared: (name) => `${folder}/shared/${name}`,
    start: (n, more = {}) => service(spawnFiles(t, dataFolder(n), { env: { ...env, ...more } })),
    endLease: async () => {
      await client.query(`UPDATE ${schema}.files_lease SET expires_at = clock_timestamp()`);
    },
    prolongLease: async () => {
      await client.query(
        `UPDATE ${schema}.files_lease SET expires_at = clock_timestamp() + interval '1 hour'`,
      );
    },
    holder: async () => {
      const { rows } = await client.query(
        `SELECT name FROM ${schema}.files_lease WHERE expires_at > clock_timestamp()`,
      );
      return rows[0]?.name as string | undefined;
    },
  };
}

function service(files: FilesProcess): FilesService {
  let said = '';
  files.child.stderr?.on('data', (text: string) => {
    said += text;
  });
  return {
    ...files,
    pid: files.child.pid ?? 0,
    said: () => said,
    hasSaid: async (what) => {
      const text = await until(
        async () => said,
        (text) => what.test(text) || files.child.exitCode !== null,
        LIMIT_MS,
      );
      if (!what.test(text)) throw new Error(`it has ended: ${text}`);
      return text;
    },
  };
}

/** The first works, and the second stands by. */
export async function startedPair(store: SharedStore): Promise<readonly [FilesService, FilesService]> {
  const first = store.start(1);
  await first.hasSaid(SERVES);
  const second = store.start(2);
  await second.hasSaid(STANDS_BY);
  return [first, second];
}

export function textOf(store: SharedStore, path: string): string {
  return readFileSync(store.shared(`root/files${path}`), 'utf8');
}

/** A body of which the second half comes when it is let go. */
export function halfBody(halves: readonly [string, string]) {
  const { promise: letGo, resolve } = Promise.withResolvers<void>();
  async function* body() {
    yield halves[0];
    await letGo;
    yield halves[1];
  }
  return { body: body(), letGo: resolve };
}
