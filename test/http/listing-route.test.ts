/** A listing over HTTP: its shape, its pages, and that who may see nothing cannot tell what is there. */

import t from 'tap';
import { put } from '../uploads/given.js';
import { API, isProblem } from './asking-files.js';
import { filesScene } from './files-scene.js';

t.test('what may be read is listed, and nothing said of the rest', async (t) => {
  const given = await filesScene(t);
  await put(given, '/team/plan', 'the plan', ['user:bob read']);
  await put(given, '/team/secret', 'secret');
  await put(given, '/team/sub/deep/notes', 'notes', ['user:bob read']);
  await put(given, '/team/other/x', 'x');
  const ask = (as: string | undefined, query: string) =>
    given.ask('GET', `${API}/files?${query}`, as === undefined ? {} : { as });
  const answer = await ask('bob', 'path=/team/');
  t.equal(answer.status, 200);
  t.match(JSON.parse(answer.text), {
    path: '/team/',
    entries: [
      { name: 'sub', path: '/team/sub/', kind: 'folder' },
      { name: 'plan', path: '/team/plan', kind: 'file', bytes: 8, modifiedAt: /^\d{4}-\d\d-\d\dT.*Z$/ },
    ],
  });
  t.notMatch(answer.text, /secret|other|deep/);
  t.equal(
    answer.text.match(/modifiedAt/g)?.length,
    1,
    'a folder has no date: it would tell of what is in it',
  );
  const root = JSON.parse((await ask('root', 'path=/team/&max=3')).text);
  t.equal(root.entries.length, 3);
  const rest = JSON.parse((await ask('root', `path=/team/&max=3&after=${root.next}`)).text);
  t.strictSame(
    rest.entries.map((one: { name: string }) => one.name),
    ['secret'],
  );
  t.equal(rest.next, undefined);
  const desc = JSON.parse((await ask('root', 'path=/team/&sort=size&order=desc')).text);
  t.strictSame(
    desc.entries.map((one: { name: string }) => one.name),
    ['other', 'sub', 'plan', 'secret'],
  );
});

t.test('there or not, it is the same to whoever may see nothing in it', async (t) => {
  const given = await filesScene(t);
  await put(given, '/team/secret', 'secret');
  for (const as of ['eve', undefined]) {
    const [there, missing] = await Promise.all(
      ['/team/', '/none/'].map((on) =>
        given.ask('GET', `${API}/files?path=${on}`, as === undefined ? {} : { as }),
      ),
    );
    t.equal(there?.status, as === undefined ? 401 : 403);
    t.strictSame([missing?.status, missing?.text], [there?.status, there?.text]);
  }
  await given.grant('user:eve read /none/');
  isProblem(
    t,
    await given.ask('GET', `${API}/files?path=/none/`, { as: 'eve' }),
    404,
    'not-found',
    /no such/,
  );
});

t.test('what is wrong with a question is said', async (t) => {
  const given = await filesScene(t);
  await put(given, '/team/a', 'a');
  const ask = (query: string) => given.ask('GET', `${API}/files?${query}`, { as: 'root' });
  isProblem(t, await ask('path=/team'), 400, 'bad-request', /slash/);
  isProblem(t, await ask('path=/team/&max=0'), 400, 'bad-request', /./);
  isProblem(t, await ask('path=/team/&sort=owner'), 400, 'bad-request', /./);
  isProblem(t, await ask('path=/team/&after=x'), 400, 'bad-request', /next/);
  isProblem(t, await ask('path=/team/&page=2'), 400, 'bad-request', /no parameter 'page'/);
});
