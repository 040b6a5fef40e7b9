/**
 * Moves of files and folders over a real store and a real folder: what moves with them, what refuses them, and what many
 * at once leave.
 */

import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { MoveRequest } from '../../src/uploads/mover.js';
import { linkRecord } from '../storage/given-links.js';
import { draft, mayRead, namesIn, path, put, type Scene, scene, served } from './given.js';

const NOTHING_LEFT = { commits: [], removals: [] };

function request(from: string, to: string, more: Partial<MoveRequest> = {}): MoveRequest {
  return {
    from: path(from),
    to: path(to),
    grants: 'keep',
    onConflict: 'refuse',
    authorise: async () => {},
    ...more,
  };
}

const readers = async ({ authorizer }: Scene, on: string) =>
  [await mayRead(authorizer, 'user:bob', on), await mayRead(authorizer, 'user:ann', on)] as const;

t.test('a file moves with its grants, its record and its links', async (t) => {
  const given = await scene(t);
  await put(given, '/team/a', 'text', ['user:bob read']);
  await given.store.shareLinks.addLink(linkRecord('one', { path: path('/team/a') }));
  const before = statSync(`${given.folder}/store/files/team/a`).mtimeMs;
  const moved = await given.mover.move(request('/team/a', '/new/deep/b'));
  t.match(moved, { files: 1, grants: 1, dropped: 0, links: 1, revision: Number });
  t.strictSame([served(given.folder, '/team/a'), served(given.folder, '/new/deep/b')], [undefined, 'text']);
  t.strictSame(await readers(given, '/team/a'), [false, false]);
  t.strictSame(await readers(given, '/new/deep/b'), [true, false]);
  t.equal((await given.store.shareLinks.link('one'))?.path, '/new/deep/b');
  t.equal(statSync(`${given.folder}/store/files/new/deep/b`).mtimeMs, before, 'as old as before');
  t.match(await given.store.files.file(path('/new/deep/b')), { owner: 'user:owner', bytes: 4 });
  t.strictSame(await given.store.moves.moves(), []);
});

t.test('both are kept under a number, which nobody else is given meanwhile', async (t) => {
  const given = await scene(t);
  for (const on of ['/a/plan.txt', '/b/plan.txt', '/c/plan.txt']) await put(given, on, on, ['user:bob read']);
  await put(given, '/d/plan.txt', 'there');
  const beside = (from: string, more: Partial<MoveRequest> = {}) =>
    given.mover.move(request(`${from}/plan.txt`, '/d/plan.txt', { onConflict: 'keep-both', ...more }));
  const both = await Promise.all(['/a', '/b'].map((from) => beside(from)));
  t.strictSame(both.map((one) => one.path).sort(), ['/d/plan (2).txt', '/d/plan (3).txt']);
  t.strictSame(await readers(given, '/d/plan (3).txt'), [true, false]);
  t.strictSame(await readers(given, '/d/plan.txt'), [false, false]);
  const mayTake = async (on: string) => !on.includes('(4)');
  t.match(await beside('/c', { mayTake }), { path: '/d/plan (5).txt' });
  t.strictSame(
    ['/d/plan.txt', '/d/plan (5).txt'].map((on) => served(given.folder, on)),
    ['there', '/c/plan.txt'],
  );
  const code = 'bad-request';
  await t.rejects(given.mover.move(request('/d/', '/e/', { onConflict: 'keep-both' })), { code });
  const same = request('/d/plan.txt', '/d/plan.txt', { onConflict: 'keep-both' });
  await t.rejects(given.mover.move(same), { code: 'conflict' });
});

t.test('a folder moves with all below it, and its neighbours stay', async (t) => {
  const given = await scene(t);
  await put(given, '/team/a', 'a', ['user:bob read']);
  await put(given, '/team/sub/b', 'b');
  await put(given, '/teams/c', 'c');
  await given.store.acl.putGrants([draft('user:ann read /team/sub/'), draft('user:ann read /teams/')]);
  const moved = await given.mover.move(request('/team/', '/archive/2026/'));
  t.match(moved, { files: 2, grants: 2, links: 0 });
  t.strictSame(namesIn(given.folder), [
    'archive',
    'archive/2026',
    'archive/2026/a',
    'archive/2026/sub',
    'archive/2026/sub/b',
    'teams',
    'teams/c',
  ]);
  t.strictSame(await readers(given, '/archive/2026/a'), [true, false]);
  t.strictSame(await readers(given, '/archive/2026/sub/b'), [false, true]);
  t.strictSame(await readers(given, '/team/sub/b'), [false, false]);
  t.strictSame(await readers(given, '/teams/c'), [false, true]);
});

t.test('without its grants, what stands on the target counts', async (t) => {
  const given = await scene(t);
  await put(given, '/a', 'text', ['user:bob read']);
  await given.store.acl.putGrants([draft('user:ann read /b')]);
  await given.mover.move(request('/a', '/b', { grants: 'drop' }));
  t.strictSame(await readers(given, '/b'), [false, true]);
  t.strictSame(await readers(given, '/a'), [false, false]);
});

t.test('a file that is replaced takes its readers with it, and keeps its denies', async (t) => {
  const given = await scene(t);
  await put(given, '/a', 'new', ['user:bob read', 'user:ann read']);
  await put(given, '/b', 'old', ['user:old read', 'user:ann deny read']);
  await given.mover.move(request('/a', '/b', { onConflict: 'replace' }));
  t.equal(served(given.folder, '/b'), 'new');
  t.strictSame(await readers(given, '/b'), [true, false]);
  t.equal(await mayRead(given.authorizer, 'user:old', '/b'), false);
});

t.test('a version that nginx would take for the replaced one gets another second', async (t) => {
  const given = await scene(t);
  await put(given, '/a', 'new');
  await put(given, '/b', 'old');
  const second = 1_700_000_000;
  for (const on of ['/a', '/b']) utimesSync(`${given.folder}/store/files${on}`, second, second);
  await given.mover.move(request('/a', '/b', { onConflict: 'replace' }));
  t.equal(statSync(`${given.folder}/store/files/b`).mtimeMs, (second + 1) * 1000);
  t.match(await given.store.files.file(path('/b')), { updatedAt: (second + 1) * 1000 });
});

t.test('a folder may take the place of an empty one', async (t) => {
  const given = await scene(t);
  await put(given, '/a/x', 'x');
  mkdirSync(`${given.folder}/store/files/b`);
  await given.mover.move(request('/a/', '/b/'));
  t.strictSame(namesIn(given.folder), ['b', 'b/x']);
});

t.test('what cannot be moved is refused, and nothing has changed', async (t) => {
  const given = await scene(t);
  await put(given, '/file', 'file', ['user:bob read']);
  await put(given, '/other', 'other', ['user:ann read']);
  await put(given, '/folder/x', 'x');
  await put(given, '/full/y', 'y');
  symlinkSync('file', `${given.folder}/store/files/symlink`);
  const before = namesIn(given.folder);
  const cases = [
    [request('/', '/x/'), 'bad-request', /root/],
    [request('/folder/', '/'), 'bad-request', /root/],
    [request('/file', '/folder/'), 'bad-request', /name it in the target/],
    [request('/folder/', '/x'), 'bad-request', /slash/],
    [request('/file', '/file'), 'conflict', /the same/],
    [request('/folder/', '/folder/sub/'), 'conflict', /part of itself/],
    [request('/folder/sub/', '/folder/'), 'conflict', /part of itself/],
    [request('/missing', '/x'), 'not-found', /nothing/],
    [request('/missing/', '/x/'), 'not-found', /nothing/],
    [request('/folder', '/x'), 'conflict', /is a folder/],
    [request('/file/', '/x/'), 'not-found', /nothing/],
    [request('/symlink', '/x'), 'conflict', /no file/],
    [request('/file', '/other'), 'conflict', /there is a file/i],
    [request('/file', '/folder', { onConflict: 'replace' }), 'conflict', /folder/],
    [request('/file', '/symlink', { onConflict: 'replace' }), 'conflict', /no file/],
    [request('/file', '/other/x'), 'conflict', /is a file already/],
    [request('/folder/', '/full/', { onConflict: 'replace' }), 'conflict', /not merged/],
    [request('/folder/', '/other/'), 'conflict', /is a file already/],
    [request('/folder/', `/${'long/'.repeat(800)}`), 'bad-request', /long/],
  ] as const;
  for (const [asked, code, message] of cases) {
    await t.rejects(given.mover.move(asked), { code, message }, `${asked.from} to ${asked.to.slice(0, 20)}`);
  }
  t.strictSame(namesIn(given.folder), before);
  t.strictSame(await readers(given, '/file'), [true, false]);
  t.strictSame(await readers(given, '/other'), [false, true]);
  t.strictSame([await given.store.moves.moves(), await given.store.files.pending()], [[], NOTHING_LEFT]);
});

t.test(
  'who may not is refused when nobody else can change the paths any more, and nothing has changed',
  async (t) => {
    const given = await scene(t);
    await put(given, '/a', 'a');
    const authorise = async () => {
      throw new Error('refused');
    };
    await t.rejects(given.mover.move(request('/a', '/b', { authorise })), { message: 'refused' });
    t.equal(served(given.folder, '/a'), 'a');
    t.strictSame(await given.store.moves.moves(), []);
  },
);

t.test('source and target are 503 from before the rename until the grants are there', async (t) => {
  const seen: unknown[] = [];
  let look = (): void => undefined;
  const given = await scene(t, undefined, (step) => {
    if (step !== 'move-prepared' && step !== 'move-finished') look();
  });
  await put(given, '/team/a', 'a', ['user:bob read']);
  await given.store.acl.putGrants([draft('user:ann read /b/')]);
  const asked: Promise<unknown>[] = [];
  look = () => {
    for (const on of ['/team/a', '/b/a', '/team/', '/b/'])
      asked.push(mayRead(given.authorizer, 'user:ann', on));
  };
  await given.mover.move(request('/team/', '/b/'));
  seen.push(...(await Promise.all(asked)));
  t.equal(seen.length, 12);
  t.strictSame(new Set(seen), new Set(['not-known']));
});

t.test('ten move one file: one of them does, and it is where that one put it', async (t) => {
  const given = await scene(t);
  await put(given, '/a', 'text', ['user:bob read']);
  const targets = Array.from({ length: 10 }, (_, i) => `/to/${i}`);
  const results = await Promise.allSettled(targets.map((to) => given.mover.move(request('/a', to))));
  const won = targets.filter((_, i) => results[i]?.status === 'fulfilled');
  t.equal(won.length, 1);
  const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  t.strictSame(new Set(reasons), new Set(['not-found']));
  t.strictSame(
    targets.filter((on) => served(given.folder, on) === 'text'),
    won,
  );
  t.strictSame(await Promise.all(won.map((on) => readers(given, on))), [[true, false]]);
});

t.test('ten files move to one path: one of them does, and the others stay', async (t) => {
  const given = await scene(t);
  const sources = Array.from({ length: 10 }, (_, i) => `/from/${i}`);
  for (const on of sources) await put(given, on, on);
  const results = await Promise.allSettled(sources.map((from) => given.mover.move(request(from, '/to'))));
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.equal(sources.filter((on) => served(given.folder, on) === on).length, 9);
  t.ok(sources.includes(served(given.folder, '/to') ?? ''));
});

t.test('uploads into a folder that moves land in the one or the other, and none is lost', async (t) => {
  const given = await scene(t);
  await put(given, '/a/first', 'first');
  const uploads = Array.from({ length: 20 }, (_, i) => put(given, `/a/${i}`, `${i}`));
  const moving = given.mover.move(request('/a/', '/b/'));
  const later = Array.from({ length: 20 }, (_, i) => put(given, `/a/later${i}`, `${i}`));
  await Promise.all([...uploads, moving, ...later]);
  for (let i = 0; i < 20; i++) {
    t.equal(served(given.folder, `/b/${i}`) ?? served(given.folder, `/a/${i}`), `${i}`);
    const on = served(given.folder, `/b/later${i}`) === undefined ? `/a/later${i}` : `/b/later${i}`;
    t.equal(served(given.folder, on), `${i}`);
    t.match(await given.store.files.file(path(on)), { bytes: `${i}`.length }, 'and has its record');
  }
});

t.test('one whose rename fails is given up at once', async (t) => {
  let after = (): void => undefined;
  const given = await scene(t, undefined, (step) => {
    if (step === 'move-journaled') after();
  });
  await put(given, '/a', 'a', ['user:bob read']);
  after = () => mkdirSync(`${given.folder}/store/files/b/inside`, { recursive: true });
  await t.rejects(given.mover.move(request('/a', '/b')), { code: 'conflict' });
  t.strictSame(await given.store.moves.moves(), []);
  t.strictSame(await readers(given, '/a'), [true, false]);
  t.equal(served(given.folder, '/a'), 'a');
});

t.test(
  'one that cannot be recorded stays hidden, and the next one that is asked for it settles it',
  async (t) => {
    let after = (): void => undefined;
    const given = await scene(t, undefined, (step) => {
      if (step === 'move-durable') after();
    });
    await put(given, '/a', 'a', ['user:bob read']);
    const { finishMove } = given.store.moves;
    after = () => {
      given.store.moves.finishMove = async () => Promise.reject(new Error('the disk is full'));
    };
    await t.rejects(given.mover.move(request('/a', '/b')), { message: 'the disk is full' });
    t.strictSame(await readers(given, '/b'), ['not-known', 'not-known']);
    t.strictSame(await readers(given, '/a'), ['not-known', 'not-known']);
    await t.rejects(put(given, '/a', 'again'), { code: 'committing' }, 'and nothing is written there');
    given.store.moves.finishMove = finishMove;
    after = () => undefined;
    await given.mover.move(request('/b', '/c'));
    t.strictSame(await readers(given, '/c'), [true, false]);
  },
);

t.test('a file that vanished before its rename is no move', async (t) => {
  let after = (): void => undefined;
  const given = await scene(t, undefined, (step) => {
    if (step === 'move-journaled') after();
  });
  await put(given, '/a', 'a', ['user:bob read']);
  const file = `${given.folder}/store/files/a`;
  after = () => renameSync(file, `${given.folder}/aside`);
  await t.rejects(given.mover.move(request('/a', '/b')), { code: 'not-found' });
  t.strictSame(await given.store.moves.moves(), []);
  writeFileSync(file, 'back');
  rmSync(`${given.folder}/aside`);
  t.strictSame(await readers(given, '/a'), [true, false]);
});
