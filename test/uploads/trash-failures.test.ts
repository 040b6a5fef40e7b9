/** The trash and the sweep where the disk, another request or the operator is in the way: nothing is lost, nothing spins. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Committer } from '../../src/uploads/committer.js';
import { Inspection } from '../../src/uploads/inspection.js';
import { ANY_TYPE } from '../../src/uploads/media-types.js';
import { recover } from '../../src/uploads/recovery.js';
import type { Scan } from '../../src/uploads/scan.js';
import { StorageRoot } from '../../src/uploads/storage-root.js';
import { TrashFolder } from '../../src/uploads/trash-folder.js';
import {
  draft,
  mayRead,
  OWNER,
  partialOf,
  partialsIn,
  path,
  put,
  served,
  UNCONDITIONAL,
  upload,
} from './given.js';
import { killedAt } from './killed-at.js';
import { inTrash, listed, PLAN, RESTORE, withTrash } from './trash-scene.js';

t.test('a round in which the disk refuses everything is not followed at once by the next', async (t) => {
  const problems: unknown[] = [];
  const given = await withTrash(t, { onProblem: (error) => problems.push(error) });
  // What nobody can remove: no file of ours is there, and yet something.
  for (let i = 0; i < 500; i++) {
    writeFileSync(`${given.folder}/store/files/a${i}`, 'text');
    await given.store.expiries.setExpiry(path(`/a${i}`), 1);
  }
  rmSync(`${given.folder}/partial/trash`, { recursive: true });
  writeFileSync(`${given.folder}/partial/trash`, 'in the way');
  // Longer than the round takes: what has been in the trash for its time would go in it, and there might be more.
  t.match(await given.ended({ trashTimeMs: 3_600_000 }), { more: false });
  t.equal(problems.length, 500);
});

t.test('where a folder has come meanwhile there is no file that could expire', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await given.store.expiries.setExpiry(path(PLAN), 1);
  rmSync(`${given.folder}/store/files${PLAN}`);
  mkdirSync(`${given.folder}/store/files${PLAN}`);
  await given.ended();
  t.strictSame(await given.store.expiries.expiriesOf([path(PLAN)]), new Map());
});

t.test('one file of the trash that cannot be removed keeps no other', async (t) => {
  let now = 1_000;
  const problems: unknown[] = [];
  const given = await withTrash(t, { clock: () => now, onProblem: (error) => problems.push(error) });
  for (const on of ['/a', '/b']) {
    await put(given, on, on);
    await given.committer.remove(path(on), UNCONDITIONAL);
    now += 1;
  }
  const [, oldest] = await listed(given);
  const stuck = `${given.folder}/partial/trash/${oldest?.id}`;
  rmSync(stuck);
  mkdirSync(stuck);
  now = 5_000;
  t.match(await given.ended(), { dropped: 1, more: false });
  t.match(await listed(given), [{ path: '/a' }]);
  t.equal(problems.length, 1);
  t.equal(served(given.folder, '/a'), undefined);
});

t.test('what the disk has not let go of stays in the list, whatever its time', async (t) => {
  const problems: unknown[] = [];
  const given = await withTrash(t, { clock: () => 1_000, onProblem: (error) => problems.push(error) });
  await put(given, PLAN, 'text');
  rmSync(`${given.folder}/partial/trash`, { recursive: true });
  writeFileSync(`${given.folder}/partial/trash`, 'in the way');
  await t.rejects(given.committer.remove(path(PLAN), UNCONDITIONAL));
  rmSync(`${given.folder}/partial/trash`);
  t.match(await given.ended({ trashTimeMs: 0 }), { dropped: 0, more: false });
  t.match(problems, [{ code: 'conflict' }]);
  const [{ id = '' } = {}] = await listed(given);
  await t.rejects(given.bin.dropOne(id), { code: 'conflict' });

  t.match(await recover(given.store.files, given.root), { removals: 1, stuck: [] });
  t.strictSame(inTrash(given), ['text']);
  t.match(await given.ended({ trashTimeMs: 0 }), { dropped: 1 });
  t.strictSame(inTrash(given), [], 'no file is left that no entry knows');
});

/** As it is with a disk that the operator has mounted below the root. */
const ONE_DISK = statSync('/dev/shm', { throwIfNoEntry: false })?.dev === statSync('.').dev;

t.test('what lies on another file system is not half removed', { skip: ONE_DISK }, async (t) => {
  const given = await withTrash(t);
  const elsewhere = mkdtempSync('/dev/shm/latchkey-');
  t.teardown(() => rmSync(elsewhere, { recursive: true }));
  const other = new StorageRoot({
    root: elsewhere,
    mount: '/files/',
    partialFolder: `${given.folder}/partial`,
  });
  mkdirSync(`${elsewhere}/files`);
  writeFileSync(`${elsewhere}/files/a`, 'text');
  await given.store.files.reconcile([
    { path: path('/a'), from: undefined, to: { path: path('/a'), owner: OWNER, bytes: 4, updatedAt: 1_000 } },
  ]);
  await given.store.acl.putGrants([draft('user:bob read /a')]);
  const { files, expiries } = given.store;
  const trash = new TrashFolder(other);
  const committer = new Committer({ root: other, files, expiries, clock: () => Date.now(), trash });
  await t.rejects(committer.remove(path('/a'), UNCONDITIONAL), { code: 'bad-request', message: /purge/ });
  t.strictSame(await listed(given), []);
  t.strictSame(await files.pending(), { commits: [], removals: [] });
  t.equal(await mayRead(given.authorizer, 'user:bob', '/a'), true, 'it is as it was');
  t.strictSame(partialsIn(given.folder), []);
  await committer.remove(path('/a'), UNCONDITIONAL, { mode: 'for-good' });
  t.strictSame(readdirSync(`${elsewhere}/files`), []);
});

// ── while it is restored ────────────────────────────────────────────────────────────────────────────────────

/** In the trash, with an allow of bob's; `meanwhile` happens while a scan looks at what is restored. */
async function scanning(
  t: Test,
  meanwhile: (given: Awaited<ReturnType<typeof withTrash>>, id: string) => Promise<void>,
) {
  const scan: Scan = async ({ path: on }) => {
    if (on === PLAN) await meanwhile(given, id);
    return { kind: 'yes' };
  };
  const fileTypes = { of: async () => t.fail('no types are asked for') as never };
  const inspection = new Inspection({ rules: ANY_TYPE, fileTypes, scan, onRefused: () => {} });
  let id = '';
  const given = await withTrash(t, { inspection });
  const partial = await partialOf(given.root, 'text');
  const { files } = given.store;
  const plain = new Committer({ ...given, files, expiries: given.store.expiries, clock: () => Date.now() });
  await plain.commit([upload(PLAN, partial, ['user:bob read'])]);
  await given.committer.remove(path(PLAN), UNCONDITIONAL);
  id = (await listed(given))[0]?.id ?? '';
  return { ...given, id };
}

t.test('who may no more when the scan is over restores nothing', async (t) => {
  let may = true;
  const given = await scanning(t, async () => {
    may = false;
  });
  const authorise = async () => {
    if (!may) throw new Error('may not');
  };
  await t.rejects(given.bin.restore({ ...RESTORE, id: given.id, authorise }), { message: 'may not' });
  t.strictSame([served(given.folder, PLAN), inTrash(given)], [undefined, ['text']]);
});

t.test('a deny that comes while it is restored is not lost to the grants that it had', async (t) => {
  const given = await scanning(t, async ({ store }) => {
    await store.acl.putGrants([draft(`user:bob deny read ${PLAN}`)]);
  });
  await given.bin.restore({ ...RESTORE, id: given.id, grants: 'keep' });
  t.equal(served(given.folder, PLAN), 'text');
  t.equal(await mayRead(given.authorizer, 'user:bob', PLAN), false);
});

t.test('what is removed for good while it is restored is refused, and the sweep leaves it', async (t) => {
  const refused: unknown[] = [];
  const given = await scanning(t, async ({ bin, ended }, id) => {
    await bin.dropOne(id).catch((error) => refused.push(error));
    t.match(await ended({ trashTimeMs: 0 }), { dropped: 0, more: false });
  });
  await given.bin.restore({ ...RESTORE, id: given.id });
  t.match(refused, [{ code: 'conflict' }]);
  t.strictSame([served(given.folder, PLAN), inTrash(given), await listed(given)], ['text', [], []]);
});

// ── after a removal that was not finished ───────────────────────────────────────────────────────────────────

const KILLED = { uploads: [], bodies: 'streamed', nth: 1, trash: true, remove: PLAN } as const;

t.test('what came past Latchkey after a removal was killed does not replace it in the trash', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await killedAt({ ...KILLED, folder: given.folder, killAt: 'removed' });
  writeFileSync(`${given.folder}/store/files${PLAN}`, 'from a backup');
  await recover(given.store.files, given.root);
  t.strictSame([inTrash(given), served(given.folder, PLAN)], [['text'], 'from a backup']);
});

t.test('a removal that is stuck after its rename is not finished by another file', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await killedAt({ ...KILLED, folder: given.folder, killAt: 'removed' });
  writeFileSync(`${given.folder}/store/files${PLAN}`, 'from a backup');
  await given.committer.remove(path(PLAN), UNCONDITIONAL);
  t.strictSame(
    [[...inTrash(given)].sort(), served(given.folder, PLAN)],
    [['from a backup', 'text'], undefined],
  );
  t.equal((await listed(given)).length, 2);
});

t.test('an upload to where a removal was not finished does not replace what was removed', async (t) => {
  const given = await withTrash(t);
  await put(given, PLAN, 'text');
  await killedAt({ ...KILLED, folder: given.folder, killAt: 'removal-journaled' });
  t.match(await put(given, PLAN, 'new'), { created: true });
  t.strictSame([inTrash(given), served(given.folder, PLAN)], [['text'], 'new']);
  const id = (await listed(given))[0]?.id ?? '';
  t.match(await given.bin.restore({ ...RESTORE, id, onConflict: 'keep-both' }), {
    path: '/team/plan (2).txt',
  });
});
