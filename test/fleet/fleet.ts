/**
 * Three authorizers of one PostgreSQL, each the real program in a data folder of its own, asked as nginx asks; and a
 * writer with receipts in this process. They may be paused, killed and started again.
 */

import { type IncomingHttpHeaders, request } from 'node:http';
import type { Test } from 'tap';
import type { Receipt } from '../../src/acl/fleet-ports.js';
import type { Store } from '../../src/acl/ports.js';
import { parseRedisAddress } from '../../src/storage/change-feed/redis-address.js';
import { RedisFeed } from '../../src/storage/change-feed/redis-feed.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { openPostgresAuthorizers } from '../../src/storage/postgres/open-fleet.js';
import { WaitingReceipts } from '../../src/storage/waiting-receipts.js';
import { type Ending, latchkey, type Result, type Running, start, stopsBefore } from '../commands/program.js';
import { shortFolder } from '../http/asking-files.js';
import { LATCHKEY, plainEnvironment, tokenFor, until } from '../nginx/running-site.js';
import { draft, path, principal } from '../storage/given.js';

export const BOUND_MS = 1_000;
export const LIMIT_MS = 30_000;
export const SECRET = 'x'.repeat(32);
const ANSWER_MS = 10_000;
export const FILE = '/team/plan.pdf';

export interface FleetAuthorizer {
  readonly running: Running;
  /** The status of bob's question; 0: nobody answered. */
  ask(): Promise<number>;
  /** What it says on `/readyz` or `/metrics`. */
  tell(url: string): Promise<string>;
}

export interface FleetFiles {
  readonly running: Running;
  readonly dataFolder: string;
  /** Asked as an administrator. */
  answer(method: string, url: string, body?: string): Promise<FleetAnswer>;
  /** What it answers in JSON. */
  ask(method: string, url: string, body?: string): Promise<unknown>;
}

export interface FleetAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface CliOptions {
  readonly dataFolder?: string;
  readonly stdin?: string;
}

/** Writes as the files service does, without it, and asks for receipts. */
export interface Writer {
  readonly store: Store;
  receiptOf(revision: number): Promise<Receipt>;
}

export interface Fleet extends Writer {
  /** Of the command line. */
  readonly desk: string;
  readonly authorizers: readonly FleetAuthorizer[];
  readonly env: Readonly<Record<string, string>>;
  /** Of the nth authorizer. */
  dataFolder(n: number): string;
  start(n: number): Promise<FleetAuthorizer>;
  startFiles(t: Test): Promise<FleetFiles>;
  /** In a data folder of its own, or in another one, such as that of the files service. */
  cli(words: string | readonly string[], options?: CliOptions): Promise<Result>;
  grant(): Promise<Receipt>;
  revoke(): Promise<Receipt>;
}

export async function startFleet(t: Test, database: string): Promise<Fleet> {
  stopsBefore(t);
  const folder = shortFolder(t); // a socket's path may have 107 bytes only
  const env = {
    LATCHKEY_DATABASE_URL: database,
    LATCHKEY_JWT_SECRET: SECRET,
    LATCHKEY_STALENESS_MAX_MS: String(BOUND_MS),
    LATCHKEY_ADMINS: 'user:root',
  };
  const dataFolder = (n: number) => `${folder}/data-${n}`;
  const startOne = (n: number) => startAuthorizer(t, dataFolder(n), env);
  const writer = await openWriter(t, database, undefined);
  const { store, receiptOf } = writer;
  const selection = { principal: principal('user:bob'), path: path(FILE), effect: 'allow' } as const;
  const desk = `${folder}/data-cli`;
  const authorizers = [];
  for (const n of [1, 2, 3]) authorizers.push(await startOne(n));
  return {
    authorizers,
    env,
    dataFolder,
    ...writer,
    grant: async () => receiptOf((await store.acl.putGrants([draft(`user:bob read ${FILE}`)])).revision),
    revoke: async () =>
      receiptOf((await store.acl.removeGrants({ ...selection, actions: ['read'] })).revision),
    start: startOne,
    startFiles: (t) => filesService(t, `${folder}/data-files`, env),
    desk,
    cli: (words, { dataFolder = desk, ...given } = {}) =>
      latchkey(typeof words === 'string' ? words.split(' ') : words, {
        ...given,
        env: { ...env, LATCHKEY_DATA: dataFolder },
      }),
  };
}

export async function startAuthorizer(
  t: Ending,
  dataFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<FleetAuthorizer> {
  const running = await start(t, [LATCHKEY.file, ...LATCHKEY.args, 'authorizer'], /"msg":"Server listening/, {
    env: plainEnvironment({ ...env, LATCHKEY_DATA: dataFolder }),
  });
  const socketPath = `${dataFolder}/run/authorizer-1.sock`;
  const headers = { 'X-Latchkey-Method': 'GET', Authorization: `Bearer ${tokenFor(SECRET, 'bob')}` };
  return {
    running,
    ask: async () => (await asked(socketPath, `/authorize/files${FILE}`, headers)).status,
    tell: async (url) => (await asked(socketPath, url, {})).text,
  };
}

async function filesService(
  t: Test,
  dataFolder: string,
  env: Readonly<Record<string, string>>,
): Promise<FleetFiles> {
  const running = await start(t, [LATCHKEY.file, ...LATCHKEY.args, 'files'], /"msg":"Server listening/, {
    env: plainEnvironment({ ...env, LATCHKEY_DATA: dataFolder }),
  });
  const headers = { Authorization: `Bearer ${tokenFor(SECRET, 'root')}` };
  const answer = (method: string, url: string, body = '') =>
    asked(`${dataFolder}/run/files.sock`, url, { ...headers, ...bodyHeaders(body) }, { method, body });
  return {
    running,
    dataFolder,
    answer,
    ask: async (method, url, body) => JSON.parse((await answer(method, url, body)).text) as unknown,
  };
}

function bodyHeaders(body: string): Readonly<Record<string, string>> {
  if (body === '') return {};
  return { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) };
}

function asked(
  socketPath: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  { method = 'GET', body = '' } = {},
) {
  return new Promise<FleetAnswer>((resolve) => {
    const none = { status: 0, headers: {}, text: '' };
    const sent = request(
      { socketPath, method, path: url, headers, agent: false, timeout: ANSWER_MS },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', () => resolve(none));
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(none));
    sent.end(body);
  });
}

export async function openWriter(t: Ending, database: string, redis: string | undefined): Promise<Writer> {
  const feed =
    redis === undefined
      ? undefined
      : new RedisFeed(parseRedisAddress(redis), { onLost: () => {}, onFound: () => {} });
  const onCommitted = (revision: number) => feed?.publish(revision);
  const store = await openPostgresStore(database, undefined, onCommitted);
  const { authorizers, close } = openPostgresAuthorizers(database);
  t.teardown(() => Promise.all([feed?.close(), store.close(), close()]));
  const receipts = new WaitingReceipts(authorizers, { monotonic: () => performance.now(), wall: Date.now });
  return { store, receiptOf: (revision) => receipts.receiptOf(revision) };
}

export const everywhere = (fleet: Pick<Fleet, 'authorizers'>) =>
  Promise.all(fleet.authorizers.map((one) => one.ask()));

/** Until bob gets this from each: what an outage has left in the air comes by itself. */
export function untilEverywhere(fleet: Pick<Fleet, 'authorizers'>, status: number) {
  return until(
    () => everywhere(fleet),
    (statuses) => statuses.every((one) => one === status),
    LIMIT_MS,
  );
}

export interface Watch {
  /** Asks no more once each has answered to what was asked later than the bound after `revokedAt`: how many allowed it. */
  late(revokedAt: number): Promise<number>;
}

/** Asks each authorizer again and again, one question at a time. */
export function watch(fleet: Pick<Fleet, 'authorizers'>): Watch {
  let isOver = false;
  const answers = fleet.authorizers.map((): { readonly sentAt: number; readonly status: number }[] => []);
  const asking = fleet.authorizers.map(async (one, i) => {
    while (!isOver) {
      const sentAt = performance.now();
      const status = await one.ask();
      answers[i]?.push({ sentAt, status });
    }
  });
  return {
    late: async (revokedAt) => {
      const behind = async () =>
        answers.map((each) => each.filter(({ sentAt }) => sentAt > revokedAt + BOUND_MS));
      await until(behind, (each) => each.every(({ length }) => length > 0), LIMIT_MS);
      isOver = true;
      await Promise.all(asking);
      return (await behind()).flat().filter(({ status }) => status === 200).length;
    },
  };
}
