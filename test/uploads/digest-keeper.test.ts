/**
 * Digests of files that became visible: each with its own version's, whatever happens to the file while it is read, and
 * without anybody waiting for it.
 */

import { createHash } from 'node:crypto';
import { readFileSync, renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { ResourcePath } from '../../src/acl/resource-path.js';
import { openWriter } from '../../src/storage/sqlite/connection.js';
import { Committer } from '../../src/uploads/committer.js';
import { Copier } from '../../src/uploads/copier.js';
import { DigestKeeper } from '../../src/uploads/digest-keeper.js';
import type { FileDigests } from '../../src/uploads/file-digests.js';
import { keepDigests } from '../../src/uploads/keep-digests.js';
import { KnownDigests } from '../../src/uploads/known-digests.js';
import { recover } from '../../src/uploads/recovery.js';
import { Trash } from '../../src/uploads/trash.js';
import { TrashFolder } from '../../src/uploads/trash-folder.js';
import { until } from '../nginx/running-site.js';
import {
  MIB,
  partialOf,
  path,
  put as putIn,
  type Scene,
  scene,
  served,
  UNCONDITIONAL,
  upload,
} from './given.js';
import { killedAt } from './killed-at.js';
import { ALLOWED, RESTORE } from './trash-scene.js';

// The built one: a thread is started by the name of its file.
const built = new URL('../../dist/uploads/file-digests.js', import.meta.url).href;
const { FileDigests: Digests, IN_BACKGROUND } = (await import(
  built
)) as typeof import('../../src/uploads/file-digests.js');
const threads = new Digests();
t.teardown(() => threads.close());

/** One second for all: two versions of one size are then told apart by nothing but their inodes. */
const NOW = 1_700_000_000_000;
const A = '/team/a';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

interface Keeping extends Scene {
  readonly keeper: DigestKeeper;
  readonly problems: unknown[];
  /** What somebody else does while a file is read. */
  meanwhile: () => Promise<unknown>;
  put(on: string, text: string): Promise<unknown>;
  stored(on: string): Promise<string | undefined>;
}

/** @param keeping `no`: the setting is off, for whoever commits */
async function keeping(
  t: Test,
  keeping: 'yes' | 'no' = 'yes',
  tell = (keeper: DigestKeeper, on: ResourcePath) => keeper.tell(on),
): Promise<Keeping> {
  const given = await scene(t);
  const { root, store, locks } = given;
  const { files, digests, expiries } = store;
  const problems: unknown[] = [];
  const of: FileDigests['of'] = async (file, algorithms) => {
    const computed = await threads.of(file, algorithms);
    await all.meanwhile();
    return computed;
  };
  const keeper = new DigestKeeper({
    root,
    files,
    digests,
    locks,
    fileDigests: { of },
    onProblem: (error) => problems.push(error),
  });
  const committer = new Committer({
    root,
    files,
    expiries,
    locks,
    clock: () => NOW,
    ...(keeping === 'yes' && {
      digests: new KnownDigests({ root, digests }),
      onCommitted: (file) => tell(keeper, file.path),
    }),
  });
  const all: Keeping = {
    ...given,
    committer,
    keeper,
    problems,
    meanwhile: async () => undefined,
    put: (on, text) => putIn({ ...given, committer }, on, text),
    stored: async (on) => (await digests.digestsOf([path(on)])).get(path(on))?.sha256,
  };
  return all;
}

const once = (work: () => Promise<unknown>) => {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await work();
  };
};

t.test('what was committed has its digest after the next round, a replacement its own', async (t) => {
  const given = await keeping(t);
  await given.put(A, 'one');
  t.equal(await given.stored(A), undefined, 'the commit waits for none');
  t.equal(given.keeper.waiting, 1);
  await given.keeper.work();
  t.equal(await given.stored(A), sha256('one'));
  await given.put(A, 'two');
  t.equal(await given.stored(A), undefined);
  await given.keeper.work();
  t.strictSame([await given.stored(A), given.keeper.waiting, given.keeper.stored], [sha256('two'), 0, 2]);
});

interface Race {
  readonly name: string;
  readonly does: (given: Keeping) => Promise<unknown>;
  /** What is at the path then. */
  readonly text: string | undefined;
  /** It is left to a sweep. */
  readonly missed: number;
  /** Its record is as it was. */
  readonly isSame?: true;
}

const RACES: readonly Race[] = [
  { name: 'replaced', does: (given) => given.put(A, 'new'), text: 'new', missed: 0 },
  {
    name: 'removed, and uploaded again in the same second with as many bytes',
    does: async (given) => {
      await given.committer.remove(path(A), UNCONDITIONAL);
      await given.put(A, 'new');
    },
    text: 'new',
    missed: 0,
    isSame: true,
  },
  {
    name: 'removed',
    does: (given) => given.committer.remove(path(A), UNCONDITIONAL),
    text: undefined,
    missed: 1,
  },
  {
    name: 'moved away',
    does: (given) => moved(given, A, '/team/b'),
    text: undefined,
    missed: 1,
  },
  {
    name: 'moved over by another one',
    does: async (given) => {
      await given.put('/other', 'new');
      await moved(given, '/other', A);
    },
    text: 'new',
    missed: 0,
  },
  {
    name: 'written past Latchkey, with its old date',
    does: async ({ folder }) => {
      const file = `${folder}/store/files${A}`;
      writeFileSync(`${folder}/new`, 'new');
      utimesSync(`${folder}/new`, NOW / 1000, NOW / 1000);
      renameSync(`${folder}/new`, file);
    },
    text: 'new',
    missed: 0,
    isSame: true,
  },
];

const moved = ({ mover }: Keeping, from: string, to: string) =>
  mover.move({ from: path(from), to: path(to), grants: 'drop', onConflict: 'replace', authorise: ALLOWED });

for (const { name, does, text, missed, isSame } of RACES) {
  t.test(`a file that is ${name} while it is read`, async (t) => {
    const given = await keeping(t);
    await given.put(A, 'old');
    const before = await given.store.files.file(path(A));
    const found: (string | undefined)[] = [];
    given.meanwhile = async () => {
      if (found.length === 0) await does(given);
      found.push(await given.stored(A));
    };
    await given.keeper.work();
    const after = await given.stored(A);
    t.ok(found.every((digest) => digest === undefined) && after !== sha256('old'), 'it is nobody else’s');
    t.equal(given.keeper.missed, missed);
    if (isSame) t.strictSame(await given.store.files.file(path(A)), before, 'to its record, it is the same');
    await given.keeper.sweep();
    t.equal(await given.stored(A), text && sha256(text));
    t.equal(await given.stored('/team/b'), name === 'moved away' ? sha256('old') : undefined);
    t.strictSame(given.problems, []);
  });
}

t.test('a path that somebody holds keeps no other one waiting, and is stored when it is free', async (t) => {
  const given = await keeping(t);
  await given.put(A, 'old');
  await given.put('/b', 'b');
  const held = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  given.meanwhile = once(async () => {
    void given.locks.run([A], () => held.promise);
    read.resolve();
  });
  const worked = given.keeper.work();
  await read.promise;
  while ((await given.stored('/b')) === undefined) await new Promise((resolve) => setImmediate(resolve));
  t.ok(given.locks.isFree('/b'));
  t.equal(await given.stored(A), undefined);
  held.resolve();
  await worked;
  t.equal(await given.stored(A), sha256('old'));
});

t.test('a sweep finds all that nobody told of, once', async (t) => {
  const given = await keeping(t, 'no');
  const names = Array.from({ length: 230 }, (_, i) => `/${i % 2 === 0 ? 'x' : 'y/z'}${i}`);
  await given.put('/y/any', 'text');
  const changes = names.map((name) => {
    const file = `${given.folder}/store/files${name}`;
    writeFileSync(file, name);
    utimesSync(file, NOW / 1000, NOW / 1000);
    const to = { path: path(name), owner: undefined, bytes: name.length, updatedAt: NOW };
    return { path: path(name), from: undefined, to };
  });
  await given.store.files.reconcile(changes);
  await given.keeper.sweep();
  t.equal(given.keeper.stored, 231);
  for (const name of names) t.equal(await given.stored(name), sha256(name), name);
  await given.keeper.sweep();
  t.equal(given.keeper.stored, 231, 'nothing twice');
});

t.test('a file that cannot be read is told of, and the others go on', async (t) => {
  const given = await keeping(t);
  for (const name of ['/a', '/b', '/c']) await given.put(name, name);
  given.meanwhile = once(() => Promise.reject(Object.assign(new Error('the disk'), { code: 'EIO' })));
  await given.keeper.work();
  t.match(given.problems, [{ code: 'EIO' }]);
  const stored = await Promise.all(['/a', '/b', '/c'].map((name) => given.stored(name)));
  t.strictSame(stored, [undefined, sha256('/b'), sha256('/c')]);
});

for (const killAt of ['prepared', 'journaled', 'renamed', 'finished'] as const) {
  t.test(`a replacement, killed at '${killAt}': the next start computes what is there`, async (t) => {
    const given = await keeping(t);
    await given.put(A, 'old');
    await given.keeper.work();
    const uploads = [{ path: A, text: 'new', grants: [] }];
    await killedAt({ folder: given.folder, uploads, bodies: 'streamed', killAt, nth: 1 });
    const left = killAt === 'prepared' ? 'old' : 'new';
    t.equal(
      await given.stored(A),
      left === 'old' ? sha256('old') : undefined,
      'before anything is recovered',
    );
    await recover(given.store.files, given.root);
    t.equal(served(given.folder, A), left);
    await given.keeper.sweep();
    t.equal(await given.stored(A), sha256(left));
  });
}

t.test('a symlink, a folder and another version than the record’s get none', async (t) => {
  const given = await keeping(t);
  const files = `${given.folder}/store/files`;
  for (const name of ['/link', '/changed', '/x/below']) await given.put(name, 'text');
  renameSync(`${files}/link`, `${files}/real`);
  symlinkSync('real', `${files}/link`);
  writeFileSync(`${files}/changed`, 'text of another date');
  renameSync(`${files}/x`, `${files}/z`);
  symlinkSync('z', `${files}/x`);
  await given.keeper.work();
  for (const name of ['/link', '/changed', '/x/below']) t.equal(await given.stored(name), undefined, name);
  t.strictSame([given.problems, given.keeper.stored], [[], 0]);
});

t.test('more than may wait are left to a sweep', async (t) => {
  const { keeper } = await keeping(t);
  for (let i = 0; i < 1002; i++) keeper.tell(path(`/${i}`));
  t.strictSame([keeper.waiting, keeper.missed], [1000, 2]);
  await keeper.sweep();
  t.strictSame([keeper.waiting, keeper.missed], [0, 0]);
});

t.test(
  'kept at work: at the start, when something came, and again for what it could not finish',
  async (t) => {
    const told: ResourcePath[] = [];
    let tell: (on: ResourcePath) => void = (on) => told.push(on);
    const given = await keeping(t, 'yes', (_, on) => tell(on));
    const kept = keepDigests(given.keeper, { soonMs: 1, sweepMs: 3_600_000, sweepAgainMs: 1 });
    t.teardown(() => kept.stop());
    const soon = (on: string) =>
      until(
        () => given.stored(on),
        (digest) => digest !== undefined,
        20_000,
      );
    await given.put('/before', 'before');
    t.strictSame(told, ['/before'], 'nobody was told');
    const problems: unknown[] = [];
    kept.start((error) => problems.push(error));
    t.equal(await soon('/before'), sha256('before'), 'the first sweep');
    tell = kept.tell;
    given.meanwhile = once(() => moved(given, A, '/team/b'));
    await given.put(A, 'text');
    t.equal(await soon('/team/b'), sha256('text'), 'the next sweep has found where it went');
    const mend = refusingDigests(given.databaseFile);
    await given.put('/late', 'late');
    await until(
      async () => problems.length,
      (length) => length > 0,
      20_000,
    );
    mend();
    t.equal(await soon('/late'), sha256('late'), 'and what the store had refused');
    await kept.stop();
    await given.put('/after', 'after');
    t.equal(given.keeper.waiting, 1, 'stopped, it begins nothing');
  },
);

t.test(
  'stopped in the middle of a large file, it ends without having stored or reported anything',
  async (t) => {
    const given = await keeping(t);
    const { root, store, locks, folder } = given;
    const own = new Digests(IN_BACKGROUND);
    const begun = Promise.withResolvers<void>();
    const problems: unknown[] = [];
    const keeper = new DigestKeeper({
      ...{ root, files: store.files, digests: store.digests, locks },
      fileDigests: {
        of: (file, algorithms) => {
          begun.resolve();
          return own.of(file, algorithms);
        },
      },
      onProblem: (error) => problems.push(error),
    });
    await given.put(A, '');
    const bytes = 1024 * 1024 * MIB; // a hole, which takes hours to read
    truncateSync(`${folder}/store/files${A}`, bytes);
    utimesSync(`${folder}/store/files${A}`, NOW / 1000, NOW / 1000);
    const from = await store.files.file(path(A));
    if (from === undefined) throw new Error('it was put');
    await store.files.reconcile([{ path: path(A), from, to: { ...from, bytes } }]);
    const kept = keepDigests(keeper);
    kept.start((error) => problems.push(error));
    await begun.promise;
    await Promise.all([kept.stop(), own.close()]);
    t.strictSame([await given.stored(A), problems], [undefined, []]);
  },
);

/** Makes the store refuse digests until the answer is called. */
function refusingDigests(databaseFile: string): () => void {
  const db = openWriter(databaseFile);
  db.exec(
    "CREATE TRIGGER refusing BEFORE INSERT ON digests BEGIN SELECT RAISE(ABORT, 'the test refuses'); END",
  );
  return () => {
    db.exec('DROP TRIGGER refusing');
    db.close();
  };
}

t.test('a digest that is known comes with the commit, goes with a copy, and through the trash', async (t) => {
  const given = await keeping(t);
  const { root, store, locks, committer } = given;
  const digests = new KnownDigests({ root, digests: store.digests });
  const known = { ...upload(A, await partialOf(root, 'text')), sha256: sha256('text') };
  await committer.commit([known]);
  t.equal(await given.stored(A), sha256('text'), 'in the transaction of the commit');

  const copier = new Copier({ root, acl: store.acl, committer, locks, digests });
  const copy = { from: path(A), to: path('/copy'), grants: 'drop', onConflict: 'refuse' } as const;
  await copier.copy({ ...copy, owner: undefined, bytesMax: undefined, authorise: ALLOWED });
  t.equal(await given.stored('/copy'), sha256('text'));

  const folder = new TrashFolder(root);
  await folder.prepare();
  const deps = { root, files: store.files, expiries: store.expiries, locks, clock: () => NOW };
  const trashing = new Committer({ ...deps, digests, trash: folder });
  const bin = new Trash({ ...deps, folder, trash: store.trash, committer: trashing });
  const restored = async (on: string) => {
    await trashing.remove(path(on), UNCONDITIONAL);
    t.equal(await given.stored(on), undefined);
    const [entry] = await store.trash.trash({ folder: path('/'), max: 1 });
    await bin.restore({ ...RESTORE, id: entry?.id ?? '' });
    return given.stored(on);
  };
  t.equal(await restored('/copy'), sha256('text'));
  // What somebody wrote past Latchkey is no longer what the digest is of.
  writeFileSync(`${given.folder}/store/files${A}`, 'TEXT');
  t.equal(await restored(A), undefined);
  t.equal(readFileSync(`${given.folder}/store/files${A}`, 'utf8'), 'TEXT');
});

t.test('switched off, nothing is stored of what is known, either', async (t) => {
  const given = await keeping(t, 'no');
  const { root, committer } = given;
  await committer.commit([{ ...upload(A, await partialOf(root, 'text')), sha256: sha256('text') }]);
  t.equal(await given.stored(A), undefined);
  t.equal(given.keeper.waiting, 0);
});
