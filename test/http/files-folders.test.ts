/**
 * Folders that come in a form: names with slashes become folders, each file is asked about at its own path, and what
 * is refused leaves no file and no folder. And the digest of a whole form.
 */

import { createHash } from 'node:crypto';
import t from 'tap';
import { RequestClosed } from '../../src/acl/errors.js';
import { draft, namesIn, partialOf, partialsIn, refusing, scene, served, upload } from '../uploads/given.js';
import { FORM_HEADERS, type FormPart, form, isProblem, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const HOME = `${WRITE}/users/alice/`;

const file = (filename: string, text = 'x') => ({ name: 'files', filename, text });

function post(given: FilesScene, parts: readonly FormPart[], headers = {}) {
  const body = form(...parts);
  return given.ask('POST', HOME, { as: 'alice', headers: { ...FORM_HEADERS, ...headers }, body });
}

t.test('a folder arrives with the folders in it', async (t) => {
  const given = await filesScene(t);
  const answer = await post(given, [
    file('trip/a.txt'),
    file('trip/may/b.txt'),
    file('trip/may/1/c'),
    file('d'),
  ]);
  t.equal(answer.status, 201);
  t.match(JSON.parse(answer.text), {
    files: [{ path: '/users/alice/trip/a.txt', created: true }, {}, {}, {}],
  });
  t.ok(namesIn(given.folder).includes('users/alice/trip/may/1/c'));
  const again = await post(given, [file('trip/a.txt', 'new'), file('trip/e')]);
  t.match(JSON.parse(again.text), { files: [{ created: false }, { created: true }] });
});

t.test('a name that leads elsewhere is refused, and nothing of the form is there', async (t) => {
  const given = await filesScene(t);
  const deep = (folders: number) => `${'a/'.repeat(folders)}file`;
  for (const name of [
    '../up',
    'a/../../up',
    'a/..',
    './a',
    'a/./b',
    '/etc/hosts',
    '//a',
    'a//b',
    'a/',
    'C:\\fakepath\\plan.pdf',
    'a\\b',
    'a/\0/b',
    'a/\u202eb/c',
    `a/${'x'.repeat(256)}/b`,
    'x'.repeat(4_096),
    '',
    deep(33),
  ]) {
    const answer = await post(given, [file('good/one'), file(name)]);
    isProblem(t, answer, 400, 'bad-request', /./);
    t.strictSame(namesIn(given.folder), [], JSON.stringify(name.slice(0, 40)));
  }
  t.strictSame(partialsIn(given.folder), []);
  t.equal((await post(given, [file(deep(32))])).status, 201);
});

t.test('the right to write is asked for at each file', async (t) => {
  const given = await filesScene(t);
  await given.grant('user:alice deny write /users/alice/trip/secret/');
  const answer = await post(given, [file('trip/a'), file('trip/secret/b')]);
  isProblem(t, answer, 403, 'forbidden', /may not write/);
  t.strictSame(namesIn(given.folder), []);
});

t.test('files that cannot be there together are a conflict', async (t) => {
  const given = await filesScene(t);
  for (const names of [
    ['a', 'a/b'],
    ['a/b', 'a'],
    ['a/b/c', 'a/b'],
    ['a/b', 'a/b'],
    ['a/e\u0301', 'a/\u00e9'],
  ]) {
    const answer = await post(
      given,
      names.map((name) => file(name)),
    );
    isProblem(t, answer, 409, 'conflict', /one form|of the form/);
    t.strictSame(namesIn(given.folder), []);
  }
});

t.test('a file in the way of a folder refuses all, and makes none', async (t) => {
  const given = await filesScene(t);
  await post(given, [file('taken')]);
  const answer = await post(given, [file('new/a'), file('taken/b')]);
  isProblem(t, answer, 409, 'conflict', /is a file already/);
  t.strictSame(namesIn(given.folder), ['users', 'users/alice', 'users/alice/taken']);
});

t.test('what the store refuses leaves no folder that was made for it', async (t) => {
  const given = await scene(t);
  const all = async (...names: readonly string[]) => {
    const uploads = [];
    for (const name of names) uploads.push(upload(name, await partialOf(given.root, name)));
    return uploads;
  };
  await given.committer.commit(await all('/there/a'));
  const allow = refusing(given.databaseFile, 'INSERT');
  await t.rejects(given.committer.commit(await all('/there/new/b', '/other/deep/c')), /the test refuses/);
  t.strictSame(namesIn(given.folder), ['there', 'there/a'], 'what was there before stays');
  allow();
  const closed = { linkId: 'none', filesMax: 1 };
  const [first] = await all('/asked/for/d');
  if (first === undefined) throw new Error('one upload');
  await t.rejects(given.committer.commit([{ ...first, requested: closed }]), RequestClosed);
  t.strictSame(namesIn(given.folder), ['there', 'there/a']);
  t.strictSame(partialsIn(given.folder), []);
});

t.test('grants of a form are set on each file of the folder, and on none that is refused', async (t) => {
  const given = await filesScene(t);
  const grants = { name: 'grants', text: 'user:bob read' };
  t.equal((await post(given, [file('trip/a'), file('trip/b/c'), grants])).status, 201);
  const standing = [];
  for await (const grant of given.store.acl.allGrants()) standing.push(`${grant.path} ${grant.principal}`);
  t.strictSame(standing, ['/users/alice/trip/a user:bob', '/users/alice/trip/b/c user:bob']);
  await given.store.acl.putGrants([draft('user:alice deny manage /users/alice/other/')]);
  const refused = await post(given, [file('fine/a'), file('other/b'), grants]);
  t.equal(refused.status, 403);
  t.equal(served(given.folder, '/users/alice/fine/a'), undefined);
});

t.test('a digest of the form is verified over all of it, or refused', async (t) => {
  const given = await filesScene(t);
  const parts: readonly FormPart[] = [file('a', 'some text'), file('b/c', 'x'.repeat(200_000))];
  const of = (text: string, algorithm = 'sha-256') =>
    `${algorithm}=:${createHash(algorithm.replace('-', '')).update(text).digest('base64')}:`;
  const right = of(form(...parts));
  const wrong = of('some text');
  for (const field of ['content-digest', 'repr-digest']) {
    isProblem(t, await post(given, parts, { [field]: wrong }), 400, 'digest-mismatch', /promised/);
    isProblem(t, await post(given, parts, { [field]: 'sha-256=abc' }), 400, 'bad-request', /dictionary/);
    t.strictSame(namesIn(given.folder), [], 'nothing is there');
    t.strictSame(partialsIn(given.folder), []);
  }
  t.equal((await post(given, parts, { 'content-digest': right })).status, 201);
  const both = { 'content-digest': right, 'repr-digest': of(form(...parts), 'sha-512') };
  t.equal((await post(given, parts, both)).status, 201);
  t.equal((await post(given, parts, { ...both, 'repr-digest': of('', 'sha-512') })).status, 400);
  const body = `${form(...parts)}what follows the last boundary${'y'.repeat(100_000)}`;
  const headers = { ...FORM_HEADERS, 'content-digest': of(body) };
  t.equal((await given.ask('POST', HOME, { as: 'alice', headers, body })).status, 201, 'to its last byte');
  const chunks = [body.slice(0, 70), body.slice(70, 1_000), body.slice(1_000)];
  t.equal((await given.ask('POST', HOME, { as: 'alice', headers, body: chunks })).status, 201, 'in chunks');
});
