/** Writers of one PostgreSQL that know nothing of each other: they abort, stall, wait, and lose their connection. */

import t from 'tap';
import { StoreBusy } from '../../src/acl/errors.js';
import type { GrantDraft } from '../../src/acl/grant.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { batchesOf, draftOn, load, loadedOn, path } from './given.js';
import { databaseAt, freshSchema, loggedRevisions, signal, storeAt } from './postgres-given.js';
import { type Mode, proxy } from './postgres-proxy.js';

const STALLED_MS = 500;
const LIMIT_MS = 30_000;

const server = await postgres(t);

t.test('revisions have no gap and come in the order of commits, whoever aborts', async (t) => {
  const words = freshSchema();
  const url = server.url(words);
  const WRITERS = 3;
  const WRITES = 30;
  const reader = await storeAt(t, url);
  const answered: number[] = [];
  const unseen: number[] = [];
  const writes = Array.from({ length: WRITERS }, async (_, writer) => {
    const { acl } = await storeAt(t, url);
    const database = databaseAt(t, url);
    for (let i = 0; i < WRITES; i += 1) {
      const on = `/${writer}/${i}`;
      const { revision } = await acl.putGrants([draftOn(on)]);
      answered.push(revision);
      const seen = await load(reader, { paths: [path(on)] });
      if (seen.revision < revision || seen.paths[0]?.grants.size !== 1) unseen.push(revision);
      const givenUp = database.write(async (tx) => {
        await tx.run('UPDATE state SET revision = revision + 10');
        throw new Error('given up');
      });
      await givenUp.catch((error: Error) => error.message === 'given up' || t.fail(error.message));
    }
  });
  await Promise.all(writes);
  const expected = Array.from({ length: WRITERS * WRITES }, (_, i) => i + 1);
  t.same(
    answered.toSorted((a, b) => a - b),
    expected,
    'as the writers were told',
  );
  t.same(unseen, [], 'what has returned is seen by everybody');
  t.same(await loggedRevisions(server, words.schema), expected, 'in the log');
});

t.test('every revision is told, however it is written', async (t) => {
  const { schema } = freshSchema();
  const told: number[] = [];
  const store = await openPostgresStore(server.url({ schema }), undefined, (revision) => told.push(revision));
  t.teardown(() => store.close());
  const move = { name: 'm', from: path('/a'), to: path('/b'), grants: 'keep', file: undefined } as const;
  await store.acl.putGrants([draftOn('/a'), draftOn('/folder/c')]);
  await store.acl.importGrants(batchesOf([draftOn('/d')]));
  await store.moves.beginMove(move);
  await store.moves.finishMove(move);
  await store.tree.forgetFolder(path('/folder/'));
  const logged = new Set(await loggedRevisions(server, schema));
  t.same(told, [...logged], 'as they were committed');
  t.equal(logged.size, 5);
});

t.test('a writer that stalls loses its turn, and nothing of it is left', async (t) => {
  const url = server.url(freshSchema());
  const other = await storeAt(t, url);
  const database = databaseAt(t, url, { stalledMs: STALLED_MS });
  const stalls = signal();
  const goesOn = signal();
  const stalled = database.write(async (tx) => {
    // On a machine that is busy enough its time may be over already: it has stalled then, too.
    await tx.run("INSERT INTO suspensions VALUES ('user:bob')").finally(stalls.give);
    await goesOn.given;
    await tx.run("INSERT INTO suspensions VALUES ('user:eve')");
    return { value: undefined, touched: ['user:bob'] };
  });
  const failed = t.rejects(stalled, { code: 'store-unavailable', message: /nothing was changed/ });
  await stalls.given;
  t.equal((await other.acl.putGrants([draftOn('/a')])).revision, 1, 'the other one waited for its end');
  goesOn.give();
  await failed;
  t.same((await load(other, { user: 'user:bob' as never })).standing?.suspended, false);
  const again = () =>
    database
      .write(async () => ({ value: undefined, touched: ['/a'] }))
      .then(
        ({ revision }) => revision,
        () => undefined,
      );
  t.equal(await until(again, (revision) => revision !== undefined, LIMIT_MS), 2, 'and it writes again');
});

t.test('a writer waits as long as its patience lasts, then says that others are writing', async (t) => {
  const url = server.url(freshSchema());
  const { acl } = await storeAt(t, url, { patienceMs: 100 });
  const database = databaseAt(t, url);
  const has = signal();
  const ends = signal();
  const other = database.write(async () => {
    has.give();
    await ends.given;
    return { value: undefined, touched: ['/a'] };
  });
  await has.given;
  await t.rejects(acl.putGrants([draftOn('/b')]), StoreBusy);
  ends.give();
  t.equal((await other).revision, 1);
  t.equal((await acl.putGrants([draftOn('/b')])).revision, 2);
});

t.test('nor does it wait any longer for another one of its own process', { timeout: LIMIT_MS }, async (t) => {
  const url = server.url(freshSchema());
  await storeAt(t, url);
  const database = databaseAt(t, url, { patienceMs: 1_000, stalledMs: LIMIT_MS });
  const has = signal();
  const ends = signal();
  const long = database.writeMany(async () => {
    has.give();
    await ends.given;
    return { value: undefined, touched: ['/a'] };
  });
  await has.given;
  const write = () => database.write(async () => ({ value: undefined, touched: ['/b'] }));
  await t.rejects(Promise.all([write(), write()]), StoreBusy);
  ends.give();
  t.equal((await long).revision, 1, 'it goes on');
  t.equal((await write()).revision, 2);
});

t.test('nobody waits for an import that waits for its input', async (t) => {
  const url = server.url(freshSchema());
  const importer = await storeAt(t, url);
  const other = await storeAt(t, url, { patienceMs: 100 });
  const came = signal();
  const goesOn = signal();
  const batches = async function* (): AsyncGenerator<readonly GrantDraft[]> {
    yield [draftOn('/a'), draftOn('/b', { effect: 'deny' })];
    came.give();
    await goesOn.given;
    yield [draftOn('/c')];
  };
  const imported = importer.acl.importGrants(batches());
  await came.given;
  t.equal((await other.acl.putGrants([draftOn('/b'), draftOn('/d')])).revision, 1, 'another process');
  t.equal((await importer.acl.putGrants([draftOn('/e')])).revision, 2, 'and its own');
  t.same(await loadedOn(other, '/a'), [], 'it shows nothing of itself');
  goesOn.give();
  t.same(await imported, { revision: 3, value: { added: 2, replaced: 1 } });
  t.match(await loadedOn(other, '/b'), [{ id: 1, effect: 'deny' }], 'it comes last');
  const ids = await Promise.all(['/a', '/b', '/c', '/d', '/e'].map((on) => loadedOn(other, on)));
  t.equal(new Set(ids.flat().map(({ id }) => id)).size, 5, 'no id is given twice');
});

t.test('of an import whose process was killed nothing is left, and nobody waits for it', async (t) => {
  const words = freshSchema();
  const between = await proxy(t, server);
  const importer = await storeAt(t, between.url(words));
  const other = await storeAt(t, server.url(words));
  const failed = t.rejects(
    importer.acl.importGrants(
      (async function* () {
        yield [draftOn('/a')];
        between.cut();
        yield [draftOn('/b')];
      })(),
    ),
    { code: 'store-unavailable', message: /nothing was changed/ },
  );
  await failed;
  t.equal((await other.acl.putGrants([draftOn('/c')])).revision, 1);
  t.same(await loadedOn(other, '/a'), []);
});

/** A COMMIT during which the connection is lost: what the writer is told, and how many grants there are then. */
const LOST: readonly (readonly [string, Mode, RegExp | undefined, number])[] = [
  ['a commit that never came is told as nothing', 'lost-before-commit', /nothing was changed/, 0],
  ['a commit whose answer was lost is found out', 'lost-after-commit', undefined, 1],
  ['a commit of which nobody can be asked is not known', 'lost-and-gone', /is not known; look/, 1],
];

for (const [says, mode, told, grants] of LOST) {
  t.test(says, async (t) => {
    const words = freshSchema();
    const between = await proxy(t, server);
    const { acl } = await storeAt(t, between.url(words));
    const other = await storeAt(t, server.url(words));
    between.set(mode);
    const put = acl.putGrants([draftOn('/a')]);
    if (told === undefined) t.equal((await put).revision, 1);
    else await t.rejects(put, { code: 'store-unavailable', message: told });
    t.equal(between.lost, 1, 'it was lost');
    between.set('passing');
    t.equal((await loadedOn(other, '/a')).length, grants);
    t.equal((await acl.putGrants([draftOn('/b')])).revision, grants + 1, 'and it writes again');
  });
}

t.test('who has waited for an import in vain is told so, in each process', async (t) => {
  const url = server.url(freshSchema());
  const { acl } = await storeAt(t, url, { patienceMs: 200 });
  const database = databaseAt(t, url, { stalledMs: 600_000 });
  const holds = signal();
  const goesOn = signal();
  const import_ = database.writeLong(async (tx) => {
    await tx.turn();
    holds.give();
    await goesOn.given;
    return { value: undefined, touched: ['/a'] };
  });
  await holds.given;
  const told = { code: 'store-busy', message: /^an import is under way, so nothing was changed; wait until/ };
  const writes = [acl.putGrants([draftOn('/b')]), acl.putGrants([draftOn('/c')])];
  await Promise.all(writes.map((write) => t.rejects(write, told)));
  await t.rejects(acl.importGrants(batchesOf([draftOn('/d')])), told, 'another import, too');
  goesOn.give();
  await import_;
  await acl.putGrants([draftOn('/b')]);
});
