/**
 * The trash: what is removed goes there with what it had, comes back when asked, and goes for good in time. And kill -9
 * at every step of it: a file is at its place or in the trash, whole, and a second start changes nothing.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { CommitStep } from '../../src/uploads/committer.js';
import { Inspection } from '../../src/uploads/inspection.js';
import { ANY_TYPE } from '../../src/uploads/media-types.js';
import { recover } from '../../src/uploads/recovery.js';
import type { TrashStep } from '../../src/uploads/trash.js';
import {
  draft,
  mayRead,
  namesIn,
  OWNER,
  partialsIn,
  path,
  principal,
  put,
  served,
  UNCONDITIONAL,
} from './given.js';
import { killedAt } from './killed-at.js';
import { ALLOWED, inTrash, listed, PLAN, RESTORE, withTrash } from './trash-scene.js';

const BOB = principal('user:bob');

t.test('a removed file is in the trash with all that it had, and is served no more', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text', ['user:bob read', 'user:eve deny read']);
  await given.committer.remove(path(PLAN), UNCONDITIONAL, { by: BOB });
  t.equal(served(given.folder, PLAN), undefined);
  t.strictSame(inTrash(given), ['text']);
  t.match(await listed(given), [{ path: PLAN, bytes: 4, owner: 'user:owner', removedBy: 'user:bob' }]);
  t.equal((await listed(given))[0]?.grants.length, 2);
  t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), false);
  t.strictSame(await given.store.files.pending(), { commits: [], removals: [] });
});

t.test('it comes back without its allows, or with them, and never past a deny that stands', async (t) => {
  for (const [grants, bob] of [
    ['drop', false],
    ['keep', true],
  ] as const) {
    const given = await withTrash(t);
    await put(given, PLAN, 'text', ['user:bob read', 'user:ann read']);
    await given.committer.remove(path(PLAN), UNCONDITIONAL);
    await given.store.acl.putGrants([draft(`user:ann deny read ${PLAN}`)]);
    const [file] = await listed(given);
    const restored = await given.bin.restore({ ...RESTORE, id: file?.id ?? '', grants });
    t.match(restored, { path: PLAN, created: true, bytes: 4 });
    t.equal(served(given.folder, PLAN), 'text');
    t.equal((await given.store.files.file(path(PLAN)))?.owner, 'user:owner');
    t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), bob, grants);
    t.equal(await mayRead(given.authorizer, 'user:ann', PLAN), false);
    t.strictSame([await listed(given), inTrash(given), partialsIn(given.folder)], [[], [], []]);
  }
});

t.test('where there is a file meanwhile: refused, replaced, or beside it', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'old');
  await given.committer.remove(path(PLAN), UNCONDITIONAL);
  await put(given, PLAN, 'newer');
  const id = (await listed(given))[0]?.id ?? '';
  await t.rejects(given.bin.restore({ ...RESTORE, id }), { code: 'conflict' });
  t.strictSame(inTrash(given), ['old'], 'it is there still');
  t.match(await given.bin.restore({ ...RESTORE, id, onConflict: 'keep-both' }), {
    path: '/team/plan (2).txt',
  });
  t.equal(served(given.folder, '/team/plan (2).txt'), 'old');
  await given.committer.remove(path('/team/plan (2).txt'), UNCONDITIONAL);
  const again = (await listed(given))[0]?.id ?? '';
  t.match(await given.bin.restore({ ...RESTORE, id: again, to: path(PLAN), onConflict: 'replace' }), {
    path: PLAN,
    created: false,
  });
  t.equal(served(given.folder, PLAN), 'old');
  await t.rejects(given.bin.restore({ ...RESTORE, id: again }), { code: 'not-found' });
});

t.test('who may not restore changes nothing, and two at once restore it once', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await given.committer.remove(path(PLAN), UNCONDITIONAL);
  const id = (await listed(given))[0]?.id ?? '';
  const refusing = async () => {
    throw new Error('may not');
  };
  await t.rejects(given.bin.restore({ ...RESTORE, id, authorise: refusing }), { message: 'may not' });
  t.strictSame([inTrash(given), served(given.folder, PLAN)], [['text'], undefined]);
  const both = await Promise.allSettled([1, 2].map(() => given.bin.restore({ ...RESTORE, id })));
  t.strictSame(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('what has its time goes, and the oldest beyond the bytes', async (t) => {
  let now = 1_000;
  const given = await withTrash(t, { clock: () => now });
  for (const on of ['/a', '/b', '/c']) {
    await put(given, on, 'text');
    await given.committer.remove(path(on), UNCONDITIONAL);
    now += 1;
  }
  const left = async () => (await listed(given)).map((file) => file.path);
  t.match(await given.ended(), { dropped: 0 });
  t.match(await given.ended({ trashBytesMax: 8 }), { dropped: 1 });
  t.strictSame(await left(), ['/c', '/b']);
  now = 1_011;
  t.match(await given.ended(), { dropped: 1 });
  t.strictSame([await left(), inTrash(given)], [['/c'], ['text']]);
  t.match(await given.ended({ trashTimeMs: 0 }), { dropped: 1 });
  t.strictSame(inTrash(given), []);
});

t.test('an expired file goes into the trash, and comes back without its expiry', async (t) => {
  let now = 1_000;
  const given = await withTrash(t, { clock: () => now });
  await put(given, PLAN, 'text');
  await put(given, '/stays', 'text');
  await given.expiry.set({ path: path(PLAN), expiresAt: 1_005, authorise: ALLOWED });
  await given.expiry.set({ path: path('/stays'), expiresAt: 9_000, authorise: ALLOWED });
  await t.rejects(given.expiry.set({ path: path('/none'), expiresAt: 1, authorise: ALLOWED }), {
    code: 'not-found',
  });
  now = 1_004;
  t.match(await given.ended(), { expired: 0 });
  now = 1_005;
  t.match(await given.ended(), { expired: 1, dropped: 0 });
  t.strictSame(namesIn(given.folder), ['stays', 'team']);
  const [file] = await listed(given);
  t.match(file, { path: PLAN, expiresAt: 1_005 });
  await given.bin.restore({ ...RESTORE, id: file?.id ?? '' });
  t.strictSame(await given.store.expiries.expiriesOf([path(PLAN)]), new Map());
  t.equal(served(given.folder, PLAN), 'text');
});

t.test('without a trash, and past it, what is removed is gone', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await given.committer.remove(path(PLAN), UNCONDITIONAL, { mode: 'for-good' });
  t.strictSame([await listed(given), inTrash(given), served(given.folder, PLAN)], [[], [], undefined]);
});

// ── killed ──────────────────────────────────────────────────────────────────────────────────────────────────

for (const step of ['removal-journaled', 'removed', 'removal-finished'] as const satisfies CommitStep[]) {
  t.test(`a removal into the trash, killed at '${step}'`, async (t) => {
    const given = await withTrash(t);
    await put(given, PLAN, 'text', ['user:bob read']);
    await killedAt({ ...PLANNED, folder: given.folder, remove: PLAN, killAt: step });
    t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), false, 'at once');
    for (const start of ['first', 'second']) {
      const { stuck } = await recover(given.store.files, given.root);
      t.strictSame(stuck, []);
      t.strictSame([served(given.folder, PLAN), inTrash(given)], [undefined, ['text']], start);
      t.match(await listed(given), [{ path: PLAN, bytes: 4 }], start);
      t.equal(await given.store.files.file(path(PLAN)), undefined);
    }
    await given.bin.restore({ ...RESTORE, id: (await listed(given))[0]?.id ?? '', grants: 'keep' });
    t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), true);
  });
}

const PLANNED = { uploads: [], bodies: 'streamed', nth: 1, trash: true } as const;
const RESTORE_STEPS: readonly (readonly [CommitStep | TrashStep, 'trash' | 'place'])[] = [
  ['restore-linked', 'trash'],
  ['prepared', 'trash'],
  ['journaled', 'place'],
  ['renamed', 'place'],
  ['finished', 'place'],
  ['restore-committed', 'place'],
  ['restore-finished', 'place'],
];

for (const [step, where] of RESTORE_STEPS) {
  t.test(`a restore with grants, killed at '${step}'`, async (t) => {
    const given = await withTrash(t);
    await put(given, PLAN, 'text', ['user:bob read']);
    await given.committer.remove(path(PLAN), UNCONDITIONAL);
    const id = (await listed(given))[0]?.id ?? '';
    await killedAt({ ...PLANNED, folder: given.folder, restore: id, killAt: step });
    for (const start of ['first', 'second']) {
      t.strictSame((await recover(given.store.files, given.root)).stuck, []);
      const isBack = where === 'place';
      t.equal(served(given.folder, PLAN), isBack ? 'text' : undefined, start);
      t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), isBack);
      t.strictSame(
        (await listed(given)).map((file) => file.id),
        isBack ? [] : [id],
      );
      t.strictSame(partialsIn(given.folder), []);
    }
    if (where === 'trash') t.strictSame(inTrash(given), ['text']);
  });
}

t.test("a removal for good, killed at 'trash-dropped', is done again", async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await given.committer.remove(path(PLAN), UNCONDITIONAL);
  const id = (await listed(given))[0]?.id ?? '';
  await killedAt({ ...PLANNED, folder: given.folder, empty: id, killAt: 'trash-dropped' });
  t.strictSame(inTrash(given), []);
  await t.rejects(given.bin.restore({ ...RESTORE, id }), { code: 'not-found' });
  t.match(await given.ended({ trashTimeMs: 0 }), { dropped: 1 });
  t.strictSame(await listed(given), []);
});

t.test(
  'a removal that the disk refuses is finished by the next one, with the grants that it had',
  async (t) => {
    const given = await withTrash(t);
    await put(given, PLAN, 'text', ['user:bob read']);
    await killedAt({ ...PLANNED, folder: given.folder, remove: PLAN, killAt: 'removal-journaled' });
    await given.committer.remove(path(PLAN), UNCONDITIONAL);
    t.equal((await listed(given)).length, 1);
    t.equal((await listed(given))[0]?.grants.length, 1);
    t.strictSame(inTrash(given), ['text']);
  },
);

t.test('a right that was lost while a restore was scanned refuses it', async (t) => {
  let may = true;
  const inspection = new Inspection({
    rules: ANY_TYPE,
    fileTypes: { of: async () => ({ type: 'text/plain' }) },
    scan: async () => {
      may = false;
      return { kind: 'yes' };
    },
    onRefused: () => undefined,
  });
  const given = await withTrash(t, { inspection });
  await put(given, PLAN, 'text');
  await given.committer.remove(path(PLAN), UNCONDITIONAL, { by: BOB });
  may = true;
  const authorise = async () => {
    if (!may) throw new Error('revoked');
  };
  const [{ id = '' } = {}] = await listed(given);
  await t.rejects(given.bin.restore({ ...RESTORE, id, authorise }), /revoked/);
  t.equal(served(given.folder, PLAN), undefined);
  t.strictSame(inTrash(given), ['text'], 'it is still in the trash');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('the number behind an old name makes no new name that may not be', async (t) => {
  const given = await withTrash(t);
  const old = '/team/a\u202etxt';
  for (const text of ['removed', 'there']) {
    mkdirSync(`${given.folder}/store/files/team`, { recursive: true });
    writeFileSync(`${given.folder}/store/files${old}`, text);
    if (text === 'removed') await given.committer.remove(path(old), UNCONDITIONAL);
  }
  const [{ id = '' } = {}] = await listed(given);
  const code = 'bad-request';
  await t.rejects(given.bin.restore({ ...RESTORE, id, onConflict: 'keep-both' }), {
    code,
    message: /U\+202E/,
  });
  t.strictSame(namesIn(given.folder), ['team', old.slice(1)]);
  t.strictSame(partialsIn(given.folder), []);
  const restored = await given.bin.restore({ ...RESTORE, id, to: path('/team/a.txt') });
  t.equal(restored.path, '/team/a.txt');
});

t.test('who restores the file of another one is not told how much that one has', async (t) => {
  const given = await withTrash(t);
  const { quotas } = given.store;
  await put(given, PLAN, 'text');
  await put(given, '/else', 'twelve bytes');
  await given.committer.remove(path(PLAN), UNCONDITIONAL, { by: BOB });
  const [{ id = '' } = {}] = await listed(given);
  const refused = async () =>
    given.bin.restore({ ...RESTORE, id }).then(
      () => t.fail('it was restored'),
      (error: Error) => error,
    );
  await quotas.setQuota({ subject: OWNER, bytesMax: 13, filesMax: undefined });
  t.match(await refused(), { code: 'quota-exceeded', message: /^The quota of its owner has no room.*; / });
  t.notMatch(await refused(), { message: /1[23]|Your/ });
  await quotas.setQuota({ subject: path('/team/'), bytesMax: 3, filesMax: undefined });
  await quotas.removeQuota(OWNER);
  t.match(await refused(), { code: 'quota-exceeded', message: /^The folder \/team\/ may have 3 bytes/ });
});

t.test('a name that is as long as a name can be is cut before its number', async (t) => {
  const given = await withTrash(t);
  const long = `/team/${'x'.repeat(251)}.txt`;
  await put(given, long, 'removed');
  await given.committer.remove(path(long), UNCONDITIONAL);
  await put(given, long, 'there');
  const [{ id = '' } = {}] = await listed(given);
  const { path: restored } = await given.bin.restore({ ...RESTORE, id, onConflict: 'keep-both' });
  t.equal(restored, `/team/${'x'.repeat(247)} (2).txt`);
  t.equal(served(given.folder, restored), 'removed');
});
