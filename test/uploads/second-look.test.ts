/**
 * A second look beside a commit or a removal is never a finding, wherever between its reads each of the steps falls:
 * all ways in which the steps can fall are tried.
 */

import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { CommitEntry, FileStore } from '../../src/acl/ports.js';
import { lookAgain } from '../../src/uploads/second-look.js';
import type { StorageRoot } from '../../src/uploads/storage-root.js';
import { path, scene } from './given.js';

const SECOND = 1_700_000_000;
const ON = path('/team/a');
const PARTIAL = '00000000-0000-4000-8000-000000000000';
/** Record, journal, disk, journal, record, and what comes after. */
const READS = 5;
const STEPS = 3;

const fileAt = (bytes: number, second: number) => ({
  path: ON,
  owner: undefined,
  bytes,
  updatedAt: second * 1000,
});

interface Scenario {
  readonly name: string;
  readonly visibility: CommitEntry['visibility'] | 'removal';
  readonly before: number | undefined;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'a new file at once', visibility: 'at-once', before: undefined },
  { name: 'a new file, hidden', visibility: 'hidden', before: undefined },
  { name: 'a replacement at once', visibility: 'at-once', before: 3 },
  { name: 'a replacement, hidden', visibility: 'hidden', before: 3 },
  { name: 'a removal', visibility: 'removal', before: 3 },
];

for (const { name, visibility, before } of SCENARIOS) {
  t.test(name, async (t) => {
    const { store, root, folder } = await scene(t);
    const files = `${folder}/store/files/team`;
    mkdirSync(files);
    const write = (file: string, bytes: number, second: number) => {
      writeFileSync(file, 'x'.repeat(bytes));
      utimesSync(file, second, second);
    };
    const replaces = before === undefined ? undefined : fileAt(before, SECOND);
    const entry: CommitEntry = {
      partial: PARTIAL,
      file: fileAt(5, SECOND + 1),
      grants: [],
      replaces,
      visibility: visibility === 'hidden' ? 'hidden' : 'at-once',
    };
    const removal = { partial: 'removal', path: ON };
    const steps =
      visibility === 'removal'
        ? [
            () => store.files.beginRemoval(removal),
            async () => rmSync(`${files}/a`),
            () => store.files.finishRemoval(removal),
          ]
        : [
            () => store.files.beginCommit([entry]),
            async () => renameSync(`${folder}/partial/${PARTIAL}`, `${files}/a`),
            () => store.files.finishCommit([entry]),
          ];
    let tried = 0;
    for (const falls of waysToFall()) {
      rmSync(`${files}/a`, { force: true });
      const now = await store.files.file(ON);
      await store.files.reconcile([{ path: ON, from: now, to: replaces }]);
      if (before !== undefined) write(`${files}/a`, before, SECOND);
      write(`${folder}/partial/${PARTIAL}`, 5, SECOND + 1);
      const { looking, atRoot, rest } = beside(store.files, root, steps, falls);
      const [look] = await lookAgain(looking, atRoot, [ON]);
      await rest();
      const isFinding = look?.outcome !== 'match' && look?.outcome !== 'moving';
      if (isFinding) t.fail(`${JSON.stringify(falls)}: ${look?.outcome}`);
      const [settled] = await lookAgain(store.files, root, [ON]);
      if (settled?.outcome !== 'match') t.fail(`after ${JSON.stringify(falls)}: ${settled?.outcome}`);
      tried += 1;
    }
    t.equal(tried, 56);
  });
}

/** For each step, before which read it falls; `READS`: behind the last. */
function* waysToFall(): Generator<readonly number[]> {
  for (let a = 0; a <= READS; a++) {
    for (let b = a; b <= READS; b++) for (let c = b; c <= READS; c++) yield [a, b, c];
  }
}

/** Store and root that take the steps between their reads. */
function beside(
  files: FileStore,
  root: StorageRoot,
  steps: readonly (() => Promise<unknown>)[],
  falls: readonly number[],
) {
  let [read, next] = [0, 0];
  const stepsUpTo = async (limit: number) => {
    for (; next < STEPS && (falls[next] ?? 0) <= limit; next += 1) await steps[next]?.();
  };
  const before = async <T>(work: () => Promise<T>): Promise<T> => {
    await stepsUpTo(read);
    read += 1;
    return work();
  };
  const looking: FileStore = Object.assign(Object.create(files), {
    file: (on: typeof ON) => before(() => files.file(on)),
    pending: () => before(() => files.pending()),
  });
  const atRoot: StorageRoot = Object.assign(Object.create(root), {
    find: (on: typeof ON) => before(() => root.find(on)),
    diskPath: (on: typeof ON) => root.diskPath(on),
  });
  return { looking, atRoot, rest: () => stepsUpTo(READS) };
}

t.test('what really does not match is said', async (t) => {
  const { store, root, folder } = await scene(t);
  const there = ['/a', '/b', '/c/d'];
  mkdirSync(`${folder}/store/files/c`);
  for (const on of there) writeFileSync(`${folder}/store/files${on}`, 'x');
  const missing = [path('/none'), path('/c'), path('/a/b'), path('/c/d/e')];
  const changes = [path('/b'), ...missing].map((on) => ({
    path: on,
    from: undefined,
    to: { ...fileAt(1, SECOND), path: on },
  }));
  await store.files.reconcile(changes);
  const looks = await lookAgain(store.files, root, [path('/a'), path('/b'), path('/c/d'), ...missing]);
  t.same(
    looks.map(({ outcome }) => outcome),
    ['unregistered', 'changed', 'unregistered', 'missing', 'missing', 'missing', 'missing'],
  );
  t.same(await lookAgain(store.files, root, []), []);
});
