/**
 * The contract's rules on imports: one transaction, one revision, one entry in the change log, and nothing at
 * all where the input fails.
 */

import { setImmediate } from 'node:timers/promises';
import { ACTIONS } from '../../src/acl/action.js';
import type { GrantDraft } from '../../src/acl/grant.js';
import type { Rule } from './contract-rule.js';
import { all, batchesOf, draft, draftOn, load, loadedOn, touchedBy } from './given.js';
import { observe } from './observed.js';

const BROKEN = new Error('the input is broken');

async function* thenBreaks(...batches: GrantDraft[][]): AsyncGenerator<GrantDraft[]> {
  yield* batches;
  throw BROKEN;
}

/** An import that has given its batches and waits for `end` or `fail`. */
function heldImport(...batches: GrantDraft[][]) {
  const given = Promise.withResolvers<void>();
  const more = Promise.withResolvers<void>();
  async function* input(): AsyncGenerator<GrantDraft[]> {
    yield* batches;
    given.resolve();
    await more.promise;
  }
  return { input: input(), given: given.promise, end: more.resolve, fail: () => more.reject(BROKEN) };
}

export function importContract(rule: Rule): void {
  rule('an import counts what it added and what it replaced', async (t, store) => {
    const before = await store.acl.putGrants([draft('user:bob read /a'), draft('user:bob read /kept')]);
    const imported = await store.acl.importGrants(
      batchesOf(
        [draft('user:bob deny read /a'), draft('user:eve read /a')],
        [],
        [draft('user:eve read /a until 5'), draft('user:eve read /b')],
      ),
    );
    t.strictSame(imported.value, { added: 2, replaced: 2 });
    const [first, second] = await loadedOn(store, '/a');
    t.equal(first?.id, before.value[0]?.id, 'a replaced grant keeps its id');
    t.equal(first?.effect, 'deny');
    t.equal(second?.expiresAt, 5, 'the later of two drafts stands');
    t.strictSame(await loadedOn(store, '/kept'), [before.value[1]]);
  });

  rule('an import where no grant is left counts alike, and gives no id twice', async (t, store) => {
    const gone = await store.acl.putGrants([draft('user:bob read /a')]);
    await store.acl.removeGrants({ ...draft('user:bob read /a'), actions: ACTIONS });
    const again = [draft('user:bob read /a until 5'), draft('user:eve read /b'), draft('user:bob read /a')];
    t.strictSame((await store.acl.importGrants(batchesOf(again))).value, { added: 2, replaced: 1 });
    const later = await store.acl.putGrants([draft('user:eve read /c')]);
    const ids = [...(await all(store.acl.allGrants())), ...gone.value].map(({ id }) => id);
    t.equal(new Set(ids).size, 4);
    t.equal(Math.max(...ids), later.value[0]?.id, 'and the next one is behind them');
  });

  rule('an import of many batches is one revision', async (t, store) => {
    const { revision } = await store.acl.putGrants([draft('user:bob read /a')]);
    const batches = Array.from({ length: 20 }, (_, b) =>
      Array.from({ length: 100 }, (_, i) => draftOn(`/${b}/${i}`)),
    );
    const imported = await store.acl.importGrants(batchesOf(...batches));
    t.strictSame(imported, { revision: revision + 1, value: { added: 2_000, replaced: 0 } });
    t.equal(await store.acl.revision(), revision + 1);
    t.equal((await all(store.acl.allGrants())).length, 2_001);
  });

  rule('an import touches everything, and a write after it only its own', async (t, store) => {
    t.strictSame(
      await touchedBy(store, () => store.acl.importGrants(batchesOf([draft('user:bob read /a')]))),
      ['all'],
    );
    t.strictSame(await touchedBy(store, () => store.acl.putGrants([draft('user:bob read /b')])), ['/b']);
  });

  rule('an import of nothing changes nothing', async (t, store) => {
    const { revision } = await store.acl.putGrants([draft('user:bob read /a')]);
    const nothing = { revision, value: { added: 0, replaced: 0 } };
    t.strictSame(await store.acl.importGrants(batchesOf()), nothing, 'no batch');
    t.strictSame(await store.acl.importGrants(batchesOf([], [])), nothing, 'empty batches');
    const { generation } = await load(store);
    t.strictSame((await load(store, { since: revision, generation })).touched, []);
  });

  rule('an import whose input fails halfway undoes all of it', async (t, store) => {
    await store.acl.putGrants([draft('user:bob read /a until 9')]);
    const before = await observe(store, ['/a', '/b'], []);
    const input = thenBreaks([draft('user:bob deny read /a')], [draft('user:bob read /b')]);
    await t.rejects(store.acl.importGrants(input), BROKEN);
    t.strictSame(await observe(store, ['/a', '/b'], []), before);
  });

  rule('an import whose input fails gives no revision away', async (t, store) => {
    const { revision } = await store.acl.putGrants([draft('user:bob read /a')]);
    await t.rejects(store.acl.importGrants(thenBreaks([draft('user:bob read /b')])), BROKEN);
    t.equal((await store.acl.putGrants([draft('user:bob read /c')])).revision, revision + 1);
  });

  rule('an import can follow one that failed', async (t, store) => {
    await t.rejects(store.acl.importGrants(thenBreaks([draft('user:bob read /b')])), BROKEN);
    const imported = await store.acl.importGrants(batchesOf([draft('user:bob read /c')]));
    t.strictSame(imported.value, { added: 1, replaced: 0 });
    t.equal((await all(store.acl.allGrants())).length, 1);
  });

  rule('decisions see nothing of an import before all of it is there', async (t, store) => {
    const { value, revision } = await store.acl.putGrants([draft('user:bob read /a')]);
    const held = heldImport([draft('user:bob deny read /a'), draft('user:bob read /b')]);
    const importing = store.acl.importGrants(held.input);
    await held.given;
    t.strictSame(await loadedOn(store, '/a'), value);
    t.strictSame(await loadedOn(store, '/b'), []);
    t.equal((await load(store)).revision, revision);
    held.end();
    await importing;
    t.equal((await loadedOn(store, '/b')).length, 1);
  });

  rule('a revoke made while an import was under way holds when the import fails', async (t, store) => {
    await store.acl.putGrants([draft('user:bob read /a')]);
    const held = heldImport([draft('user:bob read /b')]);
    const importing = store.acl.importGrants(held.input);
    await held.given;
    const revoking = store.acl.removeGrants({ ...draft('user:bob read /a'), actions: ACTIONS });
    const [imported, revoked] = await endOf(held, importing, revoking);
    t.match(imported, { status: 'rejected', reason: BROKEN });
    t.match(revoked, { status: 'fulfilled', value: { value: [{ path: '/a' }] } });
    t.strictSame(await all(store.acl.allGrants()), []);
  });

  rule('an import that begins while another is under way does not mix with it', async (t, store) => {
    const held = heldImport([draft('user:bob read /a')]);
    const importing = store.acl.importGrants(held.input);
    await held.given;
    const second = store.acl.importGrants(batchesOf([draft('user:bob read /b')]));
    const [imported, later] = await endOf(held, importing, second);
    t.match(imported, { status: 'rejected', reason: BROKEN });
    t.match(later, { status: 'fulfilled', value: { value: { added: 1, replaced: 0 } } });
    const paths = (await all(store.acl.allGrants())).map((grant) => grant.path);
    t.strictSame(paths, ['/b']);
  });
}

/** Lets `meanwhile` get as far as it can, then fails the import. A store may make a write wait for the import. */
async function endOf(held: { fail: () => void }, importing: Promise<unknown>, meanwhile: Promise<unknown>) {
  const both = Promise.allSettled([importing, meanwhile]);
  await setImmediate();
  held.fail();
  return both;
}
