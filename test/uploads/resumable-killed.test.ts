/**
 * kill -9 at every step from the bytes of a resumable upload to its file, by a process that really dies. After the next
 * start it waits for its sender with all its bytes, or it is the file; asked again it is the file, once; and another
 * start changes nothing.
 */

import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { NOBODY } from '../../src/acl/principal.js';
import { UNLIMITED } from '../../src/acl/quota.js';
import { recoverFilesAlone } from '../../src/assembly/file-parts.js';
import { Credentials } from '../../src/credentials/credential.js';
import { Gate } from '../../src/http/gate.js';
import { commitUpload } from '../../src/http/tus/commit.js';
import { joinAndCommit } from '../../src/http/tus/final.js';
import { UploadLocks } from '../../src/http/tus/upload-locks.js';
import { Findings } from '../../src/uploads/findings.js';
import { FreeSpace } from '../../src/uploads/free-space.js';
import { mendLeftOver } from '../../src/uploads/left-over.js';
import { recover } from '../../src/uploads/recovery.js';
import { ResumableFolder } from '../../src/uploads/resumable-folder.js';
import { recoverResumable } from '../../src/uploads/resumable-recovery.js';
import { ResumableUploads } from '../../src/uploads/resumable-uploads.js';
import {
  draft,
  mayRead,
  partialsIn,
  path,
  put,
  resumableNamesIn,
  type Scene,
  scene,
  served,
  UNCONDITIONAL,
} from './given.js';
import { killedResumableAt } from './killed-at.js';
import type { ResumablePlan } from './killed-resumable.js';

const ID = '0123456789abcdef0123456789abcdef';
const PATH = '/team/a';

/** As a start of the files service. */
async function started({ folder, root, store }: Scene): Promise<ResumableUploads> {
  const inFolder = new ResumableFolder(`${folder}/partial`, root);
  await inFolder.prepare();
  const uploads = new ResumableUploads({
    folder: inFolder,
    openMax: 10,
    ownerMax: 10,
    lifetimeMs: 3_600_000,
    clock: () => Date.now(),
  });
  const { files } = store;
  await recoverResumable({ folder: inFolder, uploads, root, files }, () => recover(files, root));
  return uploads;
}

async function killed(
  t: Test,
  killAt: ResumablePlan['killAt'],
  grants: string,
  of: Pick<ResumablePlan, 'parts'> = {},
): Promise<Scene> {
  const given = await scene(t);
  await given.store.acl.putGrants([draft('anyone manage /team/')]);
  await put(given, PATH, 'old');
  await killedResumableAt({ folder: given.folder, id: ID, path: PATH, text: 'new', grants, killAt, ...of });
  return given;
}

const WHO = { subject: NOBODY, failure: undefined, ambient: false, request: {} as never };

function depsOf(given: Scene, resumable: ResumableUploads) {
  const gate = new Gate(given.authorizer, new Credentials([]), undefined);
  const { root, committer, store, folder } = given;
  return {
    gate,
    root,
    committer,
    mount: '/files/',
    clock: () => Date.now(),
    uploadBytesMax: 100,
    resumable,
    locks: new UploadLocks(),
    quotas: store.quotas,
    userLimits: UNLIMITED,
    uploadLimits: { freeSpace: new FreeSpace({ folder, bytesMin: 0 }) } as never,
  };
}

/** The next request of its sender. */
async function askedAgain(given: Scene, resumable: ResumableUploads) {
  const upload = resumable.find(ID);
  if (upload === undefined) throw new Error('it is not there');
  return commitUpload(depsOf(given, resumable), { who: WHO, upload });
}

const PARTS = ['1', '2'].map((digit) => digit.repeat(32));

/** Its creation, once more. */
function joinedAgain(given: Scene, resumable: ResumableUploads) {
  const begin = {
    id: 'f'.repeat(32),
    path: path(PATH),
    owner: undefined,
    metadata: {},
    grants: '',
    preconditions: UNCONDITIONAL,
    concat: { said: 'final;', parts: PARTS },
  };
  return joinAndCommit(depsOf(given, resumable), { who: WHO, begin, parts: PARTS, checksum: undefined });
}

const STEPS: readonly (readonly [ResumablePlan['killAt'], leaves: 'open' | 'file'])[] = [
  ['linked', 'open'],
  ['handed-over', 'open'],
  ['prepared', 'open'],
  ['journaled', 'file'],
  ['renamed', 'file'],
  ['finished', 'file'],
  ['noted', 'file'],
  ['bytes-removed', 'file'],
];

for (const grants of ['', 'anyone deny read']) {
  for (const [killAt, leaves] of STEPS) {
    t.test(`killed at '${killAt}', ${grants === '' ? 'without' : 'with'} grants`, async (t) => {
      const given = await killed(t, killAt, grants);
      const resumable = await started(given);
      t.strictSame(partialsIn(given.folder), []);
      t.equal(served(given.folder, PATH), leaves === 'open' ? 'old' : 'new');
      const upload = resumable.find(ID);
      t.equal(upload?.finished === undefined ? 'open' : 'file', leaves);
      if (upload !== undefined) t.equal(await resumable.offset(upload), 3, 'all its bytes');
      const { finished } = await askedAgain(given, resumable);
      t.match(finished?.entityTag, /-3"$/);
      t.equal(served(given.folder, PATH), 'new');
      t.equal(await mayRead(given.authorizer, 'user:bob', PATH), grants === '');
      t.strictSame(resumableNamesIn(given.folder), [`${ID}.json`]);
      await put(given, PATH, 'newer');
      const again = await started(given);
      t.strictSame(again.find(ID)?.finished, finished);
      t.equal((await askedAgain(given, again)).finished?.entityTag, finished?.entityTag);
      t.equal(served(given.folder, PATH), 'newer', 'it does not come back');
    });
  }
}

const JOINED: readonly (readonly [ResumablePlan['killAt'], leaves: 'parts' | 'file'])[] = [
  ['begun', 'parts'],
  ['joining', 'parts'],
  ['joined', 'parts'],
  ['handed-over', 'parts'],
  ['journaled', 'file'],
  ['finished', 'file'],
  ['noted', 'file'],
  ['part-removed', 'file'],
];

for (const [killAt, leaves] of JOINED) {
  t.test(`of parts, killed at '${killAt}', it is whole or not there`, async (t) => {
    const given = await killed(t, killAt, 'user:bob deny read', { parts: PARTS });
    let resumable = await started(given);
    t.strictSame(partialsIn(given.folder), []);
    if (leaves === 'parts') {
      t.equal(served(given.folder, PATH), 'old');
      const names = PARTS.flatMap((id) => [id, `${id}.json`]);
      t.strictSame(resumableNamesIn(given.folder), names, 'the parts, and nothing of the final one');
      resumable = await started(given);
      t.strictSame(resumableNamesIn(given.folder), names);
      t.match(await joinedAgain(given, resumable), { ETag: /-3"$/ });
    } else {
      t.match(resumable.find(ID), { finished: { entityTag: /-3"$/ } });
      t.strictSame(resumableNamesIn(given.folder), [`${ID}.json`], 'no part is left');
      const again = await joinedAgain(given, resumable).catch((error) => error);
      t.match(again, { message: /sign in/ }, 'nobody is told that a part was there');
      t.notOk(await mayRead(given.authorizer, 'user:bob', PATH));
    }
    t.equal(served(given.folder, PATH), 'new');
    await put(given, PATH, 'newer');
    await started(given);
    t.equal(served(given.folder, PATH), 'newer', 'it does not come back');
    t.equal(resumableNamesIn(given.folder).length, 1);
  });
}

t.test('killed before its checksum was known, nothing of those bytes stays', async (t) => {
  const given = await killed(t, 'unchecked', '');
  t.equal(readFileSync(`${given.folder}/partial/tus/${ID}`, 'utf8'), 'ne');
  const resumable = await started(given);
  const upload = resumable.find(ID);
  t.equal(upload && (await resumable.offset(upload)), 0);
  t.notOk(upload?.uncheckedFrom);
});

for (const killAt of ['handed-over', 'prepared'] as const) {
  t.test(`killed at '${killAt}', then mended by fsck, it waits for its sender as before`, async (t) => {
    const given = await killed(t, killAt, '');
    const { store, root } = given;
    const lock = { recover: () => recoverFilesAlone(root, store), release: () => {} };
    const deps = { ...store, root, takeLock: () => lock, isServed: () => false, clock: Date.now };
    await mendLeftOver(deps, new Findings(10));
    t.strictSame(partialsIn(given.folder), []);
    const resumable = await started(given);
    const upload = resumable.find(ID);
    t.equal(upload && (await resumable.offset(upload)), 3);
    await askedAgain(given, resumable);
    t.equal(served(given.folder, PATH), 'new');
  });
}

t.test('a file that was removed before the next start does not come back', async (t) => {
  const given = await killed(t, 'finished', '');
  await given.committer.remove(path(PATH), UNCONDITIONAL); // as `latchkey rm` without a service
  const resumable = await started(given);
  t.equal(resumable.find(ID), undefined);
  t.equal(served(given.folder, PATH), undefined);
  t.strictSame(resumableNamesIn(given.folder), []);
});
