/** Room on the disk: what is kept free, and what the trash gives up as bytes come. */

import { mkdirSync, rmSync } from 'node:fs';
import t, { type Test } from 'tap';
import { FreeSpace } from '../../src/uploads/free-space.js';
import { keepRoom } from '../../src/uploads/keep-room.js';
import { TrashRoom } from '../../src/uploads/trash-room.js';
import { OWNER, path, principal, put, served, UNCONDITIONAL } from './given.js';
import { inTrash, listed, RESTORE, withTrash } from './trash-scene.js';

interface Given {
  readonly free: number;
  readonly bytesMin?: number;
  /** Of the disk, where some are awaited. */
  readonly problems?: unknown[];
}

/** A disk of 1,000 bytes, of which 50 at the most are kept free; what is in the trash is all that changes it. */
async function disk(t: Test, { free, bytesMin = 100, problems }: Given) {
  let now = 1_000;
  const given = await withTrash(t, { clock: () => now });
  const { bin, store } = given;
  const dropped: number[] = [];
  const room = new TrashRoom({
    trash: store.trash,
    bin,
    onDropped: (count) => void dropped.push(count),
    onProblem: (error) => void (problems?.push(error) ?? t.fail(String(error))),
  });
  let looks = 0;
  const full = await Promise.all(
    ['/a', '/b', '/c'].map(async (on) => put(given, on, on.at(1)?.repeat(100) ?? '')),
  );
  for (const { path: on } of full) {
    await given.committer.remove(on, UNCONDITIONAL);
    now += 1;
  }
  const look = async () => {
    looks += 1;
    return { all: 1_000, free: free + 300 - (await store.trash.trashBytes()) };
  };
  const freeSpace = new FreeSpace({ folder: '/', bytesMin, spare: room, look });
  const left = async () => (await listed(given)).map((file) => file.path);
  return { ...given, freeSpace, dropped, left, looks: () => looks };
}

t.test('while there is room, the trash keeps what it has', async (t) => {
  const { freeSpace, left, looks } = await disk(t, { free: 200 });
  await freeSpace.make(150);
  t.strictSame([await left(), looks()], [['/c', '/b', '/a'], 1]);
});

t.test('the oldest go, and no more than are needed', async (t) => {
  const given = await disk(t, { free: 200 });
  await given.freeSpace.make(151);
  t.strictSame(await given.left(), ['/c', '/b']);
  t.strictSame(inTrash(given).sort(), ['b'.repeat(100), 'c'.repeat(100)]);
  await given.freeSpace.make(450);
  t.strictSame([await given.left(), given.dropped], [[], [1, 2]]);
});

t.test('what is only declared is weighed, and takes nothing', async (t) => {
  const given = await disk(t, { free: 200 });
  await given.freeSpace.require(450);
  await t.rejects(given.freeSpace.require(451), { code: 'no-space' });
  await given.freeSpace.require(450, principal('user:mallory'));
  t.strictSame([await given.left(), given.dropped], [['/c', '/b', '/a'], []]);
  await given.freeSpace.require(151, OWNER);
  t.strictSame([await given.left(), given.dropped], [['/c', '/b'], [1]], 'but what is of the sender');
});

t.test('room is made as the disk fills', async (t) => {
  const given = await disk(t, { free: 20 });
  const looked = async (count: number) => {
    while (given.looks() < count) await new Promise((resolve) => setImmediate(resolve));
  };
  t.teardown(keepRoom(given.freeSpace, 1));
  const awake = setInterval(() => undefined, 1_000); // it keeps no process from ending
  t.teardown(() => clearInterval(awake));
  await looked(4);
  t.strictSame(await given.left(), ['/c', '/b'], 'of 50 bytes that are kept free, 30 were missing');
});

t.test('for one that the disk refuses to remove, the next one goes', async (t) => {
  const problems: unknown[] = [];
  const given = await disk(t, { free: 200, problems });
  const oldest = (await listed(given)).at(-1);
  const stuck = `${given.folder}/partial/trash/${oldest?.id}`;
  rmSync(stuck);
  mkdirSync(stuck);
  await given.freeSpace.make(151);
  t.strictSame([await given.left(), given.dropped], [['/c', '/a'], [1]]);
  t.equal(problems.length, 1);
});

t.test('where all of it would not do, none of it goes', async (t) => {
  const { freeSpace, left } = await disk(t, { free: 200 });
  await t.rejects(freeSpace.make(451), { code: 'no-space' });
  t.strictSame(await left(), ['/c', '/b', '/a']);
});

t.test('many at once make room once', async (t) => {
  const { freeSpace, left } = await disk(t, { free: 200 });
  await Promise.all(Array.from({ length: 9 }, () => freeSpace.make(200)));
  t.strictSame(await left(), ['/c', '/b']);
  const [refused, ...made] = await Promise.allSettled([451, 300, 300].map((n) => freeSpace.make(n)));
  t.strictSame(
    [refused?.status, ...made.map(({ status }) => status)],
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  t.strictSame(await left(), ['/c']);
});

t.test('what is being restored stays, and a setting of 0 asks nobody', async (t) => {
  const given = await disk(t, { free: 200 });
  const [{ id = '' } = {}] = (await listed(given)).filter((file) => file.path === '/a');
  const authorise = async () => given.freeSpace.make(160);
  await given.bin.restore({ ...RESTORE, id, authorise });
  t.equal(served(given.folder, path('/a')), 'a'.repeat(100));
  t.strictSame(await given.left(), ['/c']);
  const none = await disk(t, { free: 0, bytesMin: 0 });
  await none.freeSpace.make(9_999);
  await none.freeSpace.require(9_999);
  t.strictSame([none.looks(), await none.left()], [0, ['/c', '/b', '/a']]);
});
