/**
 * Several files services of one store and one shared storage: one works, the others stand by. One takes over when that
 * one stops, dies or is stopped in its middle, and whoever has lost the store to it writes nothing more.
 */

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import t from 'tap';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { openPostgresAuthorizers } from '../../src/storage/postgres/open-fleet.js';
import { latchkey } from '../commands/program.js';
import { WRITE } from '../http/asking-files.js';
import { freePort } from '../nginx/free-port.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { entry } from '../storage/given.js';
import {
  EITHER,
  halfBody,
  LIMIT_MS,
  SERVES,
  type SharedStore,
  STANDS_BY,
  sharedStore,
  startedPair,
  textOf,
} from './files-services.js';

const server = await postgres(t);
const FILE = '/users/alice/plan';
const MOVED = '/users/alice/moved';
const PARTIAL = '00000000-0000-4000-8000-000000000000';

const BEHIND = { id: 'behind', name: 'authorizer@far:1', place: 'far', pid: 1, stalenessMaxMs: LIMIT_MS };

const nameOf = ({ pid }: { readonly pid: number }) => `files@[^ ]+:${pid}`;

const partialsOf = (store: SharedStore) =>
  readdirSync(store.shared('partial')).filter((name) => /^[0-9a-f]{8}-/.test(name));

/** An upload that has begun, and whose end has to be let come. */
async function uploading(store: SharedStore, ask: ReturnType<SharedStore['start']>['ask']) {
  const { body, letGo } = halfBody(['one ', 'two']);
  // A service that ends gives no answer.
  const answered = ask('PUT', WRITE + FILE, { as: 'alice', body }).then(
    ({ status }) => status,
    () => 0,
  );
  await until(
    async () => partialsOf(store),
    (partials) => partials.length === 1,
    LIMIT_MS,
  );
  return { answered, letGo };
}

t.test('one works and another stands by, which takes over when the first stops', async (t) => {
  const store = await sharedStore(t, server);
  const first = store.start(1);
  await first.hasSaid(SERVES);
  const { answered, letGo } = await uploading(store, first.ask);
  const port = await freePort();
  const second = store.start(2, { LATCHKEY_METRICS: `127.0.0.1:${port}` });
  await second.hasSaid(EITHER);
  t.match(second.said(), new RegExp(`${nameOf(first)} changes the files of this store: .*stands by`));
  t.notOk(existsSync(second.socket), 'it does not listen');
  const shown = await until(
    () => textAt(port, '/readyz'),
    (text) => text !== '',
    LIMIT_MS,
  );
  t.match(JSON.parse(shown), { status: 'unavailable', detail: STANDS_BY });
  t.match(await textAt(port, '/metrics'), /^latchkey_files_lease 0$/m);
  t.match((await first.ask('GET', '/metrics')).text, /^latchkey_files_lease 1$/m);

  const run = (n: number, ...words: string[]) =>
    latchkey(words, { env: { ...store.env, LATCHKEY_DATA: store.dataFolder(n) } });
  t.match(await run(3, 'fsck', '--repair'), { code: 0, stdout: /clean/ });
  letGo();
  t.equal(await answered, 201, 'neither a service nor a command has dropped what was under way');
  t.equal(textOf(store, FILE), 'one two');
  const held = new RegExp(
    `^latchkey: ${nameOf(first)} changes the files of this store: run it on that machine`,
    'm',
  );
  for (const n of [2, 3]) t.match(await run(n, 'rm', FILE), { code: 3, stdout: '', stderr: held });
  t.match(await run(1, 'mv', FILE, MOVED), { code: 0 }, 'on its own machine the service does it');
  t.equal(textOf(store, MOVED), 'one two');

  first.child.kill('SIGTERM');
  t.match(await first.ended, { code: 0 });
  await second.hasSaid(SERVES);
  t.equal((await second.ask('PUT', WRITE + FILE, { as: 'alice', body: 'three' })).status, 201);
  second.child.kill('SIGTERM');
  t.match(await second.ended, { code: 0 });
  t.equal(await store.holder(), undefined);
  writeFileSync(store.shared(`partial/${PARTIAL}`), '');
  t.match(await run(3, 'fsck', '--repair'), { code: 0, stdout: /mended: 1/ }, 'where no service works');
  t.strictSame(partialsOf(store), []);
  t.match(await run(3, 'rm', FILE), { code: 0 });
  t.notOk(existsSync(store.shared(`root/files${FILE}`)));
});

t.test(
  'one that was killed is replaced: by itself at once, by another one when its lease has ended',
  async (t) => {
    const store = await sharedStore(t, server);
    const [killed, second] = await startedPair(store);
    killed.child.kill('SIGKILL');
    await store.prolongLease(); // however slow the machine is
    await killed.ended;
    await store.prolongLease(); // behind a renewal that was under way
    const first = store.start(1);
    await first.hasSaid(EITHER);
    t.notMatch(first.said(), STANDS_BY, 'it does not wait for itself');
    // As it leaves it when it is killed now.
    const left = await openPostgresStore(store.env.LATCHKEY_DATABASE_URL);
    t.teardown(() => left.close());
    await left.files.beginCommit([entry(PARTIAL, FILE, 'hidden')]);
    writeFileSync(store.shared(`partial/${PARTIAL}`), '0123456789', { mode: 0o666 });
    first.child.kill('SIGKILL');
    await first.ended;
    await store.endLease();
    await second.hasSaid(SERVES);
    t.equal(textOf(store, FILE), '0123456789');
    t.strictSame(await left.files.pending(), { commits: [], removals: [] });
    t.match(second.said(), /finished what an earlier stop had left/);
  },
);

t.test('fsck in place of one waits for those who follow, as its start does', async (t) => {
  const store = await sharedStore(t, server);
  const left = await openPostgresStore(store.env.LATCHKEY_DATABASE_URL);
  t.teardown(() => left.close());
  await left.files.beginCommit([entry(PARTIAL, FILE, 'hidden')]);
  writeFileSync(store.shared(`partial/${PARTIAL}`), '0123456789', { mode: 0o666 });
  const { authorizers, close } = openPostgresAuthorizers(store.env.LATCHKEY_DATABASE_URL);
  t.teardown(close);
  await authorizers.announce(BEHIND, { revision: 0, mark: undefined });
  const client = await server.client();
  const [{ now }] = (await client.query('SELECT clock_timestamp()::text AS now')).rows;
  const mending = latchkey(['fsck', '--repair'], {
    env: { ...store.env, LATCHKEY_DATA: store.dataFolder(3) },
  });
  const asked = `SELECT 1 FROM pg_stat_activity WHERE backend_start > $1 AND query LIKE '%FROM authorizers%'`;
  await until(
    async () => (await client.query(asked, [now])).rows.length,
    (asking) => asking > 0,
    LIMIT_MS,
  );
  t.notOk(existsSync(store.shared(`root/files${FILE}`)));
  t.equal((await left.files.pending()).commits.length, 1);
  await authorizers.withdraw(BEHIND.id);
  t.match(await mending, { code: 0, stdout: /1 write has not ended \(finished/ });
  t.equal(textOf(store, FILE), '0123456789');
});

t.test('one that wakes when another one has taken over writes nothing more', async (t) => {
  const store = await sharedStore(t, server);
  const [first, second] = await startedPair(store);
  const { answered, letGo } = await uploading(store, first.ask);
  first.child.kill('SIGSTOP');
  await store.endLease();
  await second.hasSaid(SERVES);
  letGo();
  first.child.kill('SIGCONT');
  t.match(await first.ended, {
    code: 3,
    stderr: new RegExp(`latchkey: ${nameOf(second)} has taken over .*this files service ends`),
  });
  t.not(await answered, 201);
  t.notOk(existsSync(store.shared(`root/files${FILE}`)));
  t.strictSame(partialsOf(store), []);
  const again = store.start(1);
  await again.hasSaid(STANDS_BY);
  t.equal((await second.ask('PUT', WRITE + FILE, { as: 'alice', body: 'three' })).status, 201);
  again.child.kill('SIGTERM');
  t.match(await again.ended, { code: 0, signal: null }, 'one that stands by stops when it is told to');
  t.match(await store.holder(), new RegExp(nameOf(second)));
});

function textAt(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    get({ port, path, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      answer.on('end', () => resolve(text));
    }).on('error', () => resolve(''));
  });
}
