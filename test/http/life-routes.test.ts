/**
 * Moving, copying and removing over HTTP: who may, and that nobody else learns anything. `user:root` is an
 * administrator; a home is /users/{user}/.
 */

import t from 'tap';
import { linkRecord } from '../storage/given-links.js';
import { draft, mayRead, namesIn, path, put, served } from '../uploads/given.js';
import { type Answer, API, isProblem } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const JSON_BODY = { 'content-type': 'application/json' };

const relocate = (
  given: FilesScene,
  verb: 'move' | 'copy',
  as: string | undefined,
  body: object,
): Promise<Answer> =>
  given.ask('POST', `${API}/files/${verb}`, {
    ...(as !== undefined && { as }),
    headers: JSON_BODY,
    body: JSON.stringify(body),
  });

const remove = (given: FilesScene, as: string, query: string): Promise<Answer> =>
  given.ask('DELETE', `${API}/files?${query}`, { as });

t.test('who manages a file moves it within what they may write, and its link follows', async (t) => {
  const given = await filesScene(t);
  await put(given, '/users/alice/a', 'text', ['user:bob read']);
  await given.store.shareLinks.addLink(linkRecord('one', { path: path('/users/alice/a') }));
  const answer = await relocate(given, 'move', 'alice', { from: '/users/alice/a', to: '/users/alice/sub/b' });
  t.equal(answer.status, 200);
  t.match(JSON.parse(answer.text), { path: '/users/alice/sub/b', files: 1, grants: 1, dropped: 0, links: 1 });
  t.equal(served(given.folder, '/users/alice/sub/b'), 'text');
  t.equal(await mayRead(given.authorizer, 'user:bob', '/users/alice/sub/b'), true);
  t.equal((await given.store.shareLinks.link('one'))?.path, '/users/alice/sub/b');
});

t.test('who may move what', async (t) => {
  const cases = [
    // The grants of eve, and of the file that she moves.
    { may: 200, eve: ['user:eve manage /a/', 'user:eve write /b/'], file: [] },
    { may: 403, eve: ['user:eve write /a/', 'user:eve write /b/'], file: [] },
    { may: 403, eve: ['user:eve manage /a/', 'user:eve read /b/'], file: [] },
    { may: 403, eve: ['user:eve manage /b/'], file: [] },
    // Grants of its own come along, which is to set them there.
    { may: 403, eve: ['user:eve manage /a/', 'user:eve write /b/'], file: ['user:bob read'] },
    { may: 200, eve: ['user:eve manage /a/', 'user:eve manage /b/'], file: ['user:bob read'] },
    { may: 200, eve: ['user:eve manage /a/', 'user:eve write /b/'], file: ['user:bob read'], grants: 'drop' },
    { may: 403, eve: ['user:eve manage /a/', 'user:eve manage /b/'], file: ['user:eve deny manage'] },
    { may: 403, eve: ['user:eve manage /a/', 'user:eve manage /b/', 'user:eve deny write /b/x'], file: [] },
    { may: 200, eve: ['user:eve manage /'], file: ['user:bob deny read'] },
  ];
  for (const { may, eve, file, grants = 'keep' } of cases) {
    const name = `${may}: ${[...eve, ...file, grants].join(', ')}`;
    await t.test(name, async (t) => {
      const given = await filesScene(t);
      await put(given, '/a/x', 'text', file);
      for (const line of eve) await given.grant(line);
      const answer = await relocate(given, 'move', 'eve', { from: '/a/x', to: '/b/x', grants });
      t.equal(answer.status, may);
      t.equal(served(given.folder, may === 200 ? '/b/x' : '/a/x'), 'text');
    });
  }
});

t.test('where both are kept, a number is passed over that is not for whoever asks', async (t) => {
  for (const [verb, source] of [
    ['move', undefined],
    ['copy', 'text'],
  ] as const) {
    const given = await filesScene(t);
    await put(given, '/a/x', 'text', ['user:bob read']);
    await put(given, '/b/x', 'there');
    for (const line of ['user:eve manage /a/', 'user:eve manage /b/']) await given.grant(line);
    const deny = { ...draft('user:eve deny write /'), path: path('/b/x (2)') };
    await given.store.acl.putGrants([deny]);
    const answer = await relocate(given, verb, 'eve', { from: '/a/x', to: '/b/x', onConflict: 'keep-both' });
    t.match(JSON.parse(answer.text), { path: '/b/x (3)' }, verb);
    t.strictSame(
      ['/a/x', '/b/x', '/b/x (3)'].map((on) => served(given.folder, on)),
      [source, 'there', 'text'],
    );
    t.equal(await mayRead(given.authorizer, 'user:bob', '/b/x (3)'), true);
  }
});

t.test('a folder is asked about at every path in it that has grants of its own', async (t) => {
  const given = await filesScene(t);
  await put(given, '/a/x', 'x');
  await put(given, '/a/deep/er/y', 'y');
  await given.grant('user:eve manage /a/');
  await given.grant('user:eve manage /b/');
  const asked = { from: '/a/', to: '/b/' };
  for (const line of [
    'user:eve deny manage /a/deep/er/y',
    'user:eve deny write /b/deep/',
    'anyone deny read /a/deep/',
  ]) {
    await given.grant(line);
    // What denies anyone does not deny eve, whom a folder above allows: the nearest path comes first.
    isProblem(t, await relocate(given, 'move', 'eve', asked), 403, 'forbidden', /may not/);
    await given.revoke(line);
  }
  await given.grant('user:eve manage /a/deep/');
  t.equal((await relocate(given, 'move', 'eve', asked)).status, 200);
  t.strictSame(namesIn(given.folder), ['b', 'b/deep', 'b/deep/er', 'b/deep/er/y', 'b/x']);
});

t.test('who may nothing learns nothing: what is there and what is not are answered the same', async (t) => {
  const given = await filesScene(t);
  await put(given, '/secret/a', 'text');
  for (const as of ['eve', undefined]) {
    const there = await relocate(given, 'move', as, { from: '/secret/a', to: '/users/eve/a' });
    const missing = await relocate(given, 'move', as, { from: '/secret/b', to: '/users/eve/a' });
    const target = await relocate(given, 'copy', as, { from: '/users/eve/none', to: '/secret/a' });
    t.equal(there.status, as === undefined ? 401 : 403);
    t.strictSame([missing.status, missing.text], [there.status, there.text]);
    t.equal(target.status, there.status);
    const copies = [
      await relocate(given, 'copy', as, { from: '/secret/a', to: '/users/eve/a' }),
      await relocate(given, 'copy', as, { from: '/secret/b', to: '/users/eve/a' }),
    ];
    t.equal(copies[0]?.text, copies[1]?.text);
  }
});

t.test('what is wrong is said, to whoever may know', async (t) => {
  const given = await filesScene(t);
  await put(given, '/users/alice/a', 'a');
  await put(given, '/users/alice/b', 'b');
  const move = (body: object) => relocate(given, 'move', 'alice', body);
  const [a, b] = ['/users/alice/a', '/users/alice/b'];
  isProblem(t, await move({ from: '/users/alice/none', to: b }), 404, 'not-found', /nothing at the source/);
  isProblem(t, await move({ from: a, to: b }), 409, 'conflict', /replace it/);
  isProblem(
    t,
    await move({ from: '/users/alice/', to: '/users/alice/sub/' }),
    409,
    'conflict',
    /part of itself/,
  );
  isProblem(t, await move({ from: a, to: '/users/alice/sub/' }), 400, 'bad-request', /name it/);
  isProblem(t, await move({ from: a, to: 'b' }), 400, 'bad-request', /begin with/);
  isProblem(t, await move({ from: a, to: b, replace: true }), 400, 'bad-request', /no key 'replace'/);
  isProblem(t, await move({ from: a, to: b, grants: 'copy' }), 400, 'bad-request', /./);
  t.equal((await move({ from: a, to: b, onConflict: 'replace' })).status, 200);
  t.equal(served(given.folder, b), 'a');
});

t.test('a copy has the bytes, an owner of its own, and the grants where they are kept', async (t) => {
  const given = await filesScene(t);
  await put(given, '/users/alice/a', 'text', ['user:bob read', 'user:ann read']);
  await given.grant('user:ann deny read /users/alice/b');
  const kept = await relocate(given, 'copy', 'alice', { from: '/users/alice/a', to: '/users/alice/b' });
  t.equal(kept.status, 200, kept.text);
  t.match(JSON.parse(kept.text), { path: '/users/alice/b', bytes: 4, etag: String, created: true });
  t.strictSame(
    [served(given.folder, '/users/alice/a'), served(given.folder, '/users/alice/b')],
    ['text', 'text'],
  );
  t.match(await given.store.files.file(path('/users/alice/b')), { owner: 'user:alice' });
  t.equal(await mayRead(given.authorizer, 'user:bob', '/users/alice/b'), true);
  t.equal(await mayRead(given.authorizer, 'user:ann', '/users/alice/b'), false, 'a standing deny stays');
  const again = { from: '/users/alice/a', to: '/users/alice/b', grants: 'drop' };
  isProblem(t, await relocate(given, 'copy', 'alice', again), 409, 'conflict', /replace it/);
  await relocate(given, 'copy', 'alice', { ...again, to: '/users/alice/c' });
  t.equal(await mayRead(given.authorizer, 'user:bob', '/users/alice/c'), false);
});

t.test('a reader copies without the grants, and only within the limit of uploads', async (t) => {
  const given = await filesScene(t, { uploadBytesMax: 10 });
  await put(given, '/team/a', 'text', ['user:bob manage']);
  await put(given, '/team/large', 'more than ten bytes');
  await given.grant('user:eve read /team/');
  const body = { from: '/team/a', to: '/users/eve/a' };
  isProblem(t, await relocate(given, 'copy', 'eve', body), 403, 'forbidden', /manage/);
  t.equal((await relocate(given, 'copy', 'eve', { ...body, grants: 'drop' })).status, 200);
  t.equal(served(given.folder, '/users/eve/a'), 'text');
  const large = { from: '/team/large', to: '/users/eve/large', grants: 'drop' };
  isProblem(t, await relocate(given, 'copy', 'eve', large), 413, 'too-large', /10 bytes/);
});

t.test('a folder is removed where that was said, with its allows and without its denies', async (t) => {
  const given = await filesScene(t);
  await put(given, '/team/a', 'a', ['user:bob read', 'user:ann deny read']);
  await put(given, '/team/sub/b', 'b');
  await put(given, '/teams/c', 'c');
  await given.grant('user:eve write /team/');
  await given.grant('user:bob read /team/sub/');
  isProblem(t, await remove(given, 'eve', 'path=/team/'), 409, 'conflict', /recursive=true/);
  const { status, text } = await remove(given, 'eve', 'path=/team/&recursive=true');
  t.strictSame([status, JSON.parse(text)], [200, { removed: 2, left: 0, more: false }]);
  t.strictSame(namesIn(given.folder), ['teams', 'teams/c']);
  const left = await given.store.tree.grantedPaths(path('/team/'), 9);
  t.strictSame(left, ['/team/a'], 'the deny');
  isProblem(t, await remove(given, 'root', 'path=/team/&recursive=true'), 404, 'not-found', /no such folder/);
});

t.test('no file goes where one in the folder may not', async (t) => {
  const given = await filesScene(t);
  await put(given, '/team/a', 'a');
  await put(given, '/team/sub/b', 'b', ['user:eve deny write']);
  await given.grant('user:eve write /team/');
  isProblem(t, await remove(given, 'eve', 'path=/team/&recursive=true'), 403, 'forbidden', /may not write/);
  t.strictSame([served(given.folder, '/team/a'), served(given.folder, '/team/sub/b')], ['a', 'b']);
});

t.test('a file is removed by its path, too', async (t) => {
  const given = await filesScene(t);
  await put(given, '/users/alice/a', 'a');
  t.strictSame(JSON.parse((await remove(given, 'alice', 'path=/users/alice/a')).text), {
    removed: 1,
    left: 0,
    more: false,
  });
  isProblem(t, await remove(given, 'alice', 'path=/users/alice/a'), 404, 'not-found', /no such file/);
  isProblem(t, await remove(given, 'alice', 'path=/users/alice/a&recursive=yes'), 400, 'bad-request', /./);
});

t.test('ten move one file at once: one of them does', async (t) => {
  const given = await filesScene(t);
  await put(given, '/users/alice/a', 'text', ['user:bob read']);
  const targets = Array.from({ length: 10 }, (_, i) => `/users/alice/to/${i}`);
  const answers = await Promise.all(
    targets.map((to) => relocate(given, 'move', 'alice', { from: '/users/alice/a', to })),
  );
  const won = targets.filter((_, i) => answers[i]?.status === 200);
  t.equal(won.length, 1);
  // Whoever asks while another one moves it is told to come back; whoever waited for the lock, that it is gone.
  t.strictSame(
    answers.filter(({ status }) => ![200, 404, 503].includes(status)),
    [],
  );
  t.strictSame(
    targets.filter((on) => served(given.folder, on) === 'text'),
    won,
  );
  t.equal(await mayRead(given.authorizer, 'user:bob', won[0] ?? ''), true);
});
