/** Stored digests computed anew, while others change the files: what is being changed is no finding, a lost bit is one. */

import { createHash } from 'node:crypto';
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { checkDigests } from '../../src/uploads/digest-check.js';
import { Findings } from '../../src/uploads/findings.js';
import { path, put, type Scene, scene, UNCONDITIONAL } from './given.js';

// The built one: a thread is started by the name of its file.
const built = new URL('../../dist/uploads/file-digests.js', import.meta.url).href;
const { FileDigests } = (await import(built)) as typeof import('../../src/uploads/file-digests.js');
const threads = new FileDigests();
t.teardown(() => threads.close());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const NAMES = ['/a', '/b', '/c'];

/** Files with their own names in them, and their digests. */
async function kept(t: Test): Promise<Scene> {
  const given = await scene(t);
  for (const name of NAMES) {
    await put(given, name, name);
    const record = await given.store.files.file(path(name));
    if (record !== undefined) await given.store.digests.putDigests([{ ...record, sha256: sha256(name) }]);
  }
  return given;
}

/** @param meanwhile what somebody else does when the first file has been read */
async function checked({ root, store }: Scene, meanwhile = async (): Promise<unknown> => undefined) {
  let reads = 0;
  const of: typeof threads.of = async (file, algorithms) => {
    const computed = await threads.of(file, algorithms);
    reads += 1;
    if (reads === 1) await meanwhile();
    return computed;
  };
  const findings = new Findings(9);
  const progress: number[] = [];
  const counts = await checkDigests(
    { root, files: store.files, digests: store.digests, fileDigests: { of } },
    { folder: path('/'), onProgress: (digests) => progress.push(digests) },
    findings,
  );
  return { ...counts, progress, kinds: findings.all };
}

/** Other bytes, and the time as it was. */
function rot({ folder }: Scene, name: string, text: string): void {
  const file = `${folder}/store/files${name}`;
  const { mtime } = statSync(file);
  writeFileSync(file, text);
  utimesSync(file, mtime, mtime);
}

t.test('what is whole is counted', async (t) => {
  const given = await kept(t);
  t.strictSame(await checked(given), { compared: 3, moving: 0, progress: [1, 2, 3], kinds: [] });
});

t.test('bytes that nobody has written are found', async (t) => {
  const given = await kept(t);
  rot(given, '/b', '/B');
  const { compared, kinds } = await checked(given);
  const detail = `${sha256('/b')} by the store, ${sha256('/B')} on the disk`;
  t.equal(compared, 3);
  t.strictSame(kinds, [{ kind: 'digest-differs', count: 1, mended: 0, findings: [{ what: '/b', detail }] }]);
});

t.test('what is replaced, removed or written to while it is read is no finding', async (t) => {
  const ways: readonly ((given: Scene) => Promise<unknown>)[] = [
    (given) => put(given, '/a', '/x'),
    (given) => given.committer.remove(path('/a'), UNCONDITIONAL),
    async ({ folder }) => writeFileSync(`${folder}/store/files/a`, 'more'),
  ];
  for (const way of ways) {
    const given = await kept(t);
    rot(given, '/a', '/A'); // what was read differs, whatever comes then
    t.match(await checked(given, () => way(given)), { compared: 2, moving: 1, kinds: [] });
  }
});

t.test('a file that cannot be read is told of as such, and the others are compared', async (t) => {
  const given = await kept(t);
  const fails = () => Promise.reject(Object.assign(new Error('the disk'), { code: 'EIO' }));
  t.match(await checked(given, fails), {
    compared: 2,
    kinds: [{ kind: 'unreadable', findings: [{ what: '/a', detail: 'EIO' }] }],
  });
});

t.test('another version than the digest’s is not compared: the comparison of rows tells of it', async (t) => {
  const given = await kept(t);
  writeFileSync(`${given.folder}/store/files/a`, 'longer');
  t.match(await checked(given), { compared: 2, moving: 0, kinds: [] });
});
