/**
 * A disk that has no more room, as a process meets it without root: `ulimit -f` makes every write beyond it fail
 * (EFBIG). The upload is answered 507, nothing of it is left, and the service lives on.
 */

import { readdirSync } from 'node:fs';
import t from 'tap';
import { partialsIn } from '../uploads/given.js';
import { FORM_HEADERS, form, isProblem, WRITE } from './asking-files.js';
import { startFiles } from './files-process.js';

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
