/**
 * A disk that has no more room, as a process meets it without root: `ulimit -f` makes every write beyond it fail
 * (EFBIG). The upload is answered 507, nothing of it is left, and the service lives on.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import t from 'tap';
import { partialsIn, resumableNamesIn } from '../uploads/given.js';
import { FORM_HEADERS, form, isProblem, WRITE } from './asking-files.js';
import { startFiles } from './files-process.js';
import { locationOf, tusOver, UPLOADS } from './tus-client.js';

const KIB = 1024;
const MAX_KIB = 4 * 1024; // the store and its log stay far below
const HOME = `${WRITE}/users/alice/`;
const FITS = Buffer.alloc(64 * KIB, 'fits');
const TOO_MUCH = Buffer.alloc(MAX_KIB * KIB + 1, 'x');

t.test('507, no partial, and the service lives on', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const { ask, child } = await startFiles(t, dataFolder, { fileKibMax: MAX_KIB });
  t.equal((await ask('PUT', `${HOME}plan`, { as: 'alice', body: FITS })).status, 201);
  const part = (filename: string, text: string) => ({ name: 'f', filename, text });
  const many = form(part('small', 'x'), part('large', TOO_MUCH.toString('latin1')));
  for (const [method, target, headers, body] of [
    ['PUT', `${HOME}plan`, {}, TOO_MUCH],
    ['PUT', `${HOME}new/file`, {}, [TOO_MUCH]],
    ['POST', HOME, FORM_HEADERS, many],
  ] as const) {
    isProblem(t, await ask(method, target, { as: 'alice', headers, body }), 507, 'no-space', /free some/);
    t.strictSame(partialsIn(dataFolder), [], 'no partial is left');
  }
  t.strictSame(readdirSync(`${dataFolder}/store/files/users/alice`), ['plan'], 'and nothing else');
  t.equal((await ask('PUT', `${HOME}plan`, { as: 'alice', body: FITS })).status, 204, 'what fits is taken');
  t.equal(child.exitCode, null);
});

t.test('parts that fit one by one, and not together: 507, and they wait', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const { ask } = await startFiles(t, dataFolder, { fileKibMax: MAX_KIB });
  const tus = tusOver(ask);
  const alice = { as: 'alice' };
  const body = 'x'.repeat((MAX_KIB / 2 + 1) * KIB);
  const headers = { 'upload-concat': 'partial' };
  const plan = { path: '/users/alice/plan' };
  const create = () => tus.create(plan, { ...alice, length: body.length, body, headers });
  const parts = [locationOf(await create()), locationOf(await create())];
  const before = resumableNamesIn(dataFolder);
  const final = { ...alice, headers: { 'upload-concat': `final;${parts.join(' ')}` } };
  isProblem(t, await tus.create(plan, final), 507, 'no-space', /free some/);
  t.strictSame(resumableNamesIn(dataFolder), before, 'nothing of the final one is left');
  t.strictSame(partialsIn(dataFolder), []);
  for (const at of parts) t.equal((await tus.head(at, alice)).headers['upload-offset'], String(body.length));
});

t.test('no line of its log has the id of an upload, which may be its only secret', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const { ask, child, ended } = await startFiles(t, dataFolder);
  const tus = tusOver(ask);
  const ids: string[] = [];
  const begin = async () => {
    const at = locationOf(await tus.create({ path: '/users/alice/plan' }, { as: 'alice', length: 3 }));
    const id = at.slice(UPLOADS.length);
    ids.push(id);
    return { at, file: `${dataFolder}/partial/tus/${id}` };
  };
  const lost = await begin();
  rmSync(lost.file);
  t.equal((await tus.head(lost.at, { as: 'alice' })).status, 423);
  const stuck = await begin();
  mkdirSync(`${stuck.file}.json.new`);
  const headers = { 'upload-checksum': `sha1 ${createHash('sha1').update('abc').digest('base64')}` };
  t.equal((await tus.patch(stuck.at, 0, { as: 'alice', headers, body: 'abc' })).status, 500);
  child.kill('SIGTERM');
  const { stderr } = await ended;
  t.match(stderr, /EISDIR/);
  t.match(stderr, '/users/alice/plan', 'the operator is told which it is');
  for (const id of ids) t.notOk(stderr.includes(id));
});
