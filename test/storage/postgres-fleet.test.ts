/** What PostgreSQL keeps of a fleet: whom a write tells, and how far each authorizer has said that it is. */

import { chmodSync } from 'node:fs';
import t from 'tap';
import type { Followed, Receipt } from '../../src/acl/fleet-ports.js';
import type { FactsLoad } from '../../src/acl/ports.js';
import { WRITER_LIMITS } from '../../src/storage/postgres/connection-limits.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { ListenFeed, openPostgresAuthorizers } from '../../src/storage/postgres/open-fleet.js';
import { revisionsChannel } from '../../src/storage/postgres/revisions.js';
import { WaitingReceipts } from '../../src/storage/waiting-receipts.js';
import { latchkey, ownFolder } from '../commands/program.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { move } from './contract-moves.js';
import { batchesOf, draft, load, path } from './given.js';
import { freshSchema, storeAt } from './postgres-given.js';
import { proxy } from './postgres-proxy.js';

const LIMIT_MS = 30_000;
/** Longer than anything here takes, and waited for by nobody. */
const LONG_MS = 3_600_000;
/** Waited for. */
const SHORT_MS = 100;
const MOVE = move('/team/', '/new/');

const server = await postgres(t);

t.test('whatever takes a number is told of before whoever wrote goes on', async (t) => {
  const told: number[] = [];
  const url = server.url(freshSchema());
  const store = await openPostgresStore(url, WRITER_LIMITS, (revision) => told.push(revision));
  t.teardown(() => store.close());
  const grant = draft('user:bob read /team/plan.pdf');
  const writes: Readonly<Record<string, () => Promise<{ readonly revision: number }>>> = {
    'a grant': () => store.acl.putGrants([grant]),
    'an import': () => store.acl.importGrants(batchesOf([grant])),
    'the beginning of a move': () => store.moves.beginMove(MOVE),
    'the end of a move': () => store.moves.finishMove(MOVE),
    'the end of a folder': () => store.tree.forgetFolder(path('/new/')),
  };
  for (const [name, write] of Object.entries(writes)) {
    const { revision } = await write();
    t.equal(told.at(-1), revision, name);
  }
});

t.test('who follows a store that a backup has put back has followed nothing of it', async (t) => {
  const words = freshSchema();
  const store = await openPostgresStore(server.url(words));
  const { authorizers, close } = openPostgresAuthorizers(server.url(words));
  t.teardown(() => Promise.all([store.close(), close()]));
  const self = { id: 'one', name: 'one', place: 'here', pid: 1, stalenessMaxMs: 2_000 };
  const announced = async ({ revision, mark }: Followed) => {
    await authorizers.announce(self, { revision, mark });
    return (await authorizers.authorizers()).map((row) => row.revision);
  };
  const followed = async () => followedBy(await load(store));

  t.strictSame(await announced(await followed()), [0], 'a store that is empty');
  await store.acl.putGrants([draft('user:bob read /a')]);
  const first = await followed();
  await store.acl.putGrants([draft('user:bob read /b')]);
  const second = await followed();
  t.strictSame(await announced(first), [1], 'one that is behind');
  t.strictSame(await announced(second), [2]);

  const client = await server.client();
  await client.query(`SET search_path = ${words.schema}; DELETE FROM changes WHERE revision > 1`);
  await client.query('UPDATE state SET revision = 1, mark = $1', [first.mark]);
  t.strictSame(await announced(second), [-1], 'of a revision that is still to come');
  await store.acl.putGrants([draft('user:bob read /c')]);
  t.strictSame(await announced(second), [-1], 'of another one with its number');
  t.strictSame(await announced(await followed()), [2]);
  t.strictSame(await announced(first), [1], 'what both have in common');
});

t.test('a store that takes connections and answers nothing keeps nobody waiting for a receipt', async (t) => {
  const words = freshSchema();
  const between = await proxy(t, server);
  const store = await openPostgresStore(server.url(words));
  const { authorizers, close } = openPostgresAuthorizers(between.url(words));
  t.teardown(() => Promise.all([store.close(), close()]));
  t.strictSame(await authorizers.authorizers(), []);
  between.set('deaf');
  await t.rejects(authorizers.authorizers(), { code: 'store-unavailable', message: /timeout/ });
});

t.test("the server's clock is set back: nobody waits until then for one that has gone", async (t) => {
  const words = freshSchema();
  const store = await storeAt(t, server.url(words));
  const { authorizers, close } = openPostgresAuthorizers(server.url(words));
  t.teardown(close);
  const gone = { id: 'gone', name: 'gone', place: 'there', pid: 2, stalenessMaxMs: SHORT_MS };
  await authorizers.announce(gone, { revision: 0, mark: undefined });
  const client = await server.client();
  await client.query(`UPDATE ${words.schema}.authorizers SET seen_at = seen_at + interval '1 hour'`);
  const { revision } = await store.acl.putGrants([draft('user:bob read /a')]);
  const receipts = new WaitingReceipts(authorizers, {
    monotonic: () => performance.now(),
    wall: () => Date.now(),
  });
  t.match(await receipts.receiptOf(revision), { confirmed: 0, authorizers: 0, unconfirmed: [] });
  t.strictSame((await client.query(`SELECT id FROM ${words.schema}.authorizers`)).rows, []);
});

t.test("the server's clock is set ahead: a receipt waits for those who seem to have gone", async (t) => {
  const words = freshSchema();
  const store = await openPostgresStore(server.url(words));
  const { authorizers, close } = openPostgresAuthorizers(server.url(words));
  t.teardown(() => Promise.all([store.close(), close()]));
  const client = await server.client();
  const clocks = { monotonic: () => performance.now(), wall: () => Date.now() };
  const receipts = new WaitingReceipts(authorizers, clocks);
  const one = { id: 'one', name: 'one', place: 'here', pid: 1, stalenessMaxMs: LONG_MS };
  const gone = { id: 'gone', name: 'gone', place: 'there', pid: 2, stalenessMaxMs: SHORT_MS };
  const age = () =>
    client.query(`UPDATE ${words.schema}.authorizers SET seen_at = seen_at - interval '1 hour'`);

  await authorizers.announce(one, followedBy(await load(store)));
  await age();
  const { revision } = await store.acl.putGrants([draft('user:bob read /a')]);
  let receipt: Receipt | undefined;
  const waiting = receipts.receiptOf(revision).then((told) => {
    receipt = told;
  });
  await authorizers.authorizers();
  t.equal(receipt, undefined, 'it decides from before');
  await authorizers.announce(one, followedBy(await load(store)));
  await waiting;
  t.match(receipt, { confirmed: 1, authorizers: 1 });

  await authorizers.announce(gone, { revision: 0, mark: undefined });
  await age();
  await authorizers.announce(one, followedBy(await load(store)));
  await authorizers.withdraw('nobody');
  t.match(await receipts.receiptOf(revision), { confirmed: 1, authorizers: 1, unconfirmed: [] });
  t.strictSame((await client.query(`SELECT id FROM ${words.schema}.authorizers`)).rows, [{ id: 'one' }]);
});

t.test('two Latchkeys in one database do not wake each other', async (t) => {
  const long = 's'.repeat(63);
  const [a, b, c] = await Promise.all(
    [freshSchema().schema, `${long.slice(1)}a`, `${long.slice(1)}b`].map(async (schema) => {
      const url = server.url({ schema });
      const store = await openPostgresStore(url);
      const heard: number[] = [];
      const feed = new ListenFeed(url, { onLost: () => {}, onFound: () => {} });
      t.teardown(() => Promise.all([store.close(), feed.close()]));
      await new Promise<void>((onListening) => {
        feed.listen({ onRevision: (revision) => heard.push(revision), onListening });
      });
      return { heard, write: () => store.acl.putGrants([draft('user:bob read /a')]) };
    }),
  );
  if (a === undefined || b === undefined || c === undefined) throw new Error('there are three');
  for (const one of [a, a, b, a, c]) await one.write();
  for (const [one, heard] of [
    [a, [1, 2, 3]],
    [b, [1]],
    [c, [1]],
  ] as const) {
    const all = await until(
      async () => one.heard,
      (so) => so.length >= heard.length,
      LIMIT_MS,
    );
    t.strictSame(all, heard);
  }
  t.equal(revisionsChannel('latchkey'), 'latchkey_revisions', 'as programs from before call it');
  t.ok(revisionsChannel(long).length <= 63);
});

t.test('an authorizer that does not start leaves no row', async (t) => {
  const words = freshSchema();
  chmodSync(server.folder, 0o755); // it drops to another user
  const folder = ownFolder(t);
  const env = {
    LATCHKEY_DATABASE_URL: server.url(words),
    LATCHKEY_DATA: `${folder}/data`,
    LATCHKEY_JWKS_FILE: `${folder}/none.json`,
  };
  const { code, stderr } = await latchkey(['authorizer'], { env });
  t.not(code, 0);
  t.match(stderr, /none\.json/);
  const client = await server.client();
  t.strictSame((await client.query(`SELECT name FROM ${words.schema}.authorizers`)).rows, []);
});

function followedBy({ revision, mark }: FactsLoad): Followed {
  return { revision, mark };
}
