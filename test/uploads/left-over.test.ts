/** Partials beside a running files service: they are its own, until nothing has come for an hour. */

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { recoverFilesAlone } from '../../src/assembly/file-parts.js';
import { reportAside } from '../../src/uploads/aside.js';
import { Findings } from '../../src/uploads/findings.js';
import { type FilesLock, leftOver, mendLeftOver, reportLeftOver } from '../../src/uploads/left-over.js';
import { partialsIn, path, put, type Scene, scene, served, UNCONDITIONAL } from './given.js';

const PARTIAL = '00000000-0000-4000-8000-000000000000';
const NEW = '11111111-1111-4111-8111-111111111111';
const HOUR_MS = 3_600_000;

const RUNS = { takeLock: () => undefined, isServed: () => true };
const runsNot = ({ root, store }: Scene, release = () => {}) => ({
  takeLock: (): FilesLock => ({ recover: () => recoverFilesAlone(root, store), release }),
  isServed: () => false,
});

t.test('which partials are left over', async (t) => {
  const given = await scene(t);
  const { root, store, folder } = given;
  writeFileSync(`${folder}/partial/${PARTIAL}`, '');
  const table = [
    ['a service runs, and the upload is young', RUNS, 0, []],
    ['nearly an hour', RUNS, HOUR_MS - 60_000, []],
    ['more than an hour', RUNS, HOUR_MS + 60_000, [PARTIAL]],
    ['no service runs', runsNot(given), 0, [PARTIAL]],
  ] as const;
  for (const [name, running, laterMs, left] of table) {
    const deps = { ...store, root, ...running, clock: () => Date.now() + laterMs };
    const findings = new Findings(10);
    const before = await leftOver(deps);
    writeFileSync(`${folder}/partial/${NEW}`, ''); // one that has come meanwhile
    await reportLeftOver(deps, before, new Map(), findings);
    await root.dropPartial(NEW);
    t.same(
      findings.all.flatMap((found) => found.findings.map(({ what }) => what)),
      left,
      name,
    );
  }
});

t.test(
  'one removal after another of the same path, under a running service, is none that stands',
  async (t) => {
    const { root, store } = await scene(t);
    const removal = { partial: 'removal /a', path: path('/a') };
    let looks = 0;
    const pending = async () => {
      looks += 1;
      return { commits: [], removals: looks === 2 ? [] : [removal] }; // over at the second look, begun anew behind it
    };
    const files = Object.assign(Object.create(store.files), { pending });
    const deps = { ...store, root, files, ...RUNS, clock: Date.now };
    const findings = new Findings(10);
    await reportLeftOver(deps, await leftOver(deps), new Map(), findings);
    t.same(findings.all, []);
  },
);

t.test('nothing is mended while a service runs', async (t) => {
  const given = await scene(t);
  const { root, store, folder } = given;
  writeFileSync(`${folder}/partial/${PARTIAL}`, '');
  const findings = new Findings(10);
  await mendLeftOver({ ...store, root, ...RUNS, clock: Date.now }, findings);
  t.same([partialsIn(folder), findings.all], [[PARTIAL], []]);
  let held = 0;
  const lock = runsNot(given, () => {
    held -= 1;
  });
  const takeLock = () => {
    held += 1;
    return lock.takeLock();
  };
  await mendLeftOver({ ...store, root, ...lock, takeLock, clock: Date.now }, findings);
  t.same([partialsIn(folder), held], [[], 0]);
  t.match(findings.all, [{ kind: 'left-partial', count: 1, mended: 1 }]);
});

t.test('a move that a crash has left is finished where no service runs, and said', async (t) => {
  const given = await scene(t);
  const { root, store } = given;
  await put(given, '/a', 'text');
  const file = await root.find(path('/a'));
  if (file?.kind !== 'file') throw new Error('the file is not there');
  const entry = { name: 'm', from: path('/a'), to: path('/b'), grants: 'keep' } as const;
  await store.moves.beginMove({
    ...entry,
    file: { bytes: file.bytes, modifiedSeconds: file.modifiedSeconds },
  });
  const deps = { ...store, root, ...runsNot(given), clock: Date.now };
  const reported = new Findings(10);
  await reportLeftOver(deps, await leftOver(deps), new Map(), reported);
  t.match(reported.all, [{ kind: 'unfinished', findings: [{ what: '/a' }] }]);
  const findings = new Findings(10);
  await mendLeftOver(deps, findings);
  t.match(findings.all, [{ kind: 'unfinished', count: 1, mended: 1 }]);
  t.same(await store.moves.moves(), []);
  t.equal(served(given.folder, '/a'), 'text', 'it had not begun on the disk: all is where it was');
});

t.test('what lies among resumable uploads and is of none, when it is older than an hour', async (t) => {
  const { root, store, folder, resumable } = await scene(t);
  const id = (digit: string) => digit.repeat(32);
  const at = (name: string) => `${folder}/partial/tus/${name}`;
  const begun = {
    path: path('/a'),
    owner: undefined,
    length: 3,
    metadata: {},
    grants: '',
    preconditions: UNCONDITIONAL,
  };
  await resumable.begin({ ...begun, id: id('a') });
  await resumable.finish(await resumable.begin({ ...begun, id: id('b') }), '"1-3"');
  writeFileSync(at(id('c')), 'bytes alone');
  writeFileSync(at(`${id('d')}.json`), '');
  writeFileSync(at(`${id('a')}.json.new`), '');
  writeFileSync(at('notes\n'), 'whose?');
  const found = async (laterMs: number) => {
    const findings = new Findings(10);
    await reportAside({ ...store, root, clock: () => Date.now() + laterMs }, findings);
    return findings.all.flatMap(({ kind, findings: some }) => some.map(({ what }) => [kind, what])).sort();
  };
  const strange = ['left-resumable', 'tus/notes?'];
  t.strictSame(await found(0), [strange], 'the others may have just begun');
  const left = [`${id('a')}.json.new`, id('c'), `${id('d')}.json`].map((name) => [
    'left-resumable',
    `tus/${name}`,
  ]);
  t.strictSame(await found(HOUR_MS + 60_000), [...left, strange].sort());
});
