/**
 * What a file request has counted after a kill -9 at each step of a commit, by a process that really dies, and after
 * the next start: as many as there are files, never one more or less.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { recover } from '../../src/uploads/recovery.js';
import { plainEnvironment } from '../nginx/running-site.js';
import { linkRecord } from '../storage/given-links.js';
import { namesIn, partialOf, partialsIn, path, type Scene, scene, upload } from './given.js';
import type { Plan } from './killed-process.js';

const PROGRAM = fileURLToPath(new URL('killed-process.ts', import.meta.url));
const REQUESTED = { linkId: 'a', filesMax: 2 };

async function given(test: Test): Promise<Scene> {
  const one = await scene(test);
  await one.store.shareLinks.addLink(linkRecord('a', { kind: 'upload', path: path('/in/') }));
  return one;
}

const isFile = (name: string) => name !== 'in';

for (const [killAt, nth, files] of [
  ['receiving', 2, 0],
  ['prepared', 1, 0],
  ['journaled', 1, 2],
  ['renamed', 1, 2],
  ['renamed', 2, 2],
  ['finished', 1, 2],
] as const) {
  t.test(`killed at '${killAt}' (${nth}): ${files} are there, and counted`, async (t) => {
    const { folder, root, store } = await given(t);
    const uploads = ['/in/a', '/in/b'].map((on) => ({
      path: on,
      text: 'text',
      grants: [],
      requested: REQUESTED,
    }));
    const plan: Plan = {
      bodies: 'streamed',
      folder,
      uploads,
      killAt,
      nth,
    };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(plan)], { env: plainEnvironment({}) });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [, signal] = await once(child, 'close');
    t.equal(signal, 'SIGKILL', said);
    await recover(store.files, root);
    t.equal(namesIn(folder).filter(isFile).length, files);
    t.equal(await store.linkCounts.uploads('a'), files);
    t.strictSame(partialsIn(folder), []);
    await recover(store.files, root);
    t.equal(await store.linkCounts.uploads('a'), files, 'a second start counts nothing twice');
  });
}

t.test('a file whose bytes are lost is given up, and its place is free', async (t) => {
  const one = await given(t);
  const partial = await partialOf(one.root, 'text');
  const { path: on, owner } = upload('/in/a', partial);
  const file = { path: on, owner, bytes: partial.bytes, updatedAt: 1_000 };
  const entry = {
    partial: partial.name,
    file,
    grants: [],
    replaces: undefined,
    visibility: 'at-once',
  } as const;
  await one.store.files.beginCommit([{ ...entry, requested: REQUESTED }]);
  t.equal(await one.store.linkCounts.uploads('a'), 1);
  unlinkSync(one.root.partialPath(partial.name));
  t.match(await recover(one.store.files, one.root), { finished: 0, abandoned: 1 });
  t.equal(await one.store.linkCounts.uploads('a'), 0);
});

t.test('a commit that fails behind the journal counts what stands', async (t) => {
  const taken: string[] = [];
  const one = await scene(t, (step) => {
    if (step === 'journaled') for (const file of taken.splice(0)) unlinkSync(file);
  });
  await one.store.shareLinks.addLink(linkRecord('a', { kind: 'upload', path: path('/in/') }));
  const [a, b] = [await partialOf(one.root, 'a'), await partialOf(one.root, 'b')];
  taken.push(one.root.partialPath(b.name));
  const uploads = [upload('/in/a', a), upload('/in/b', b)].map((each) => ({ ...each, requested: REQUESTED }));
  await t.rejects(one.committer.commit(uploads), { code: 'ENOENT' });
  t.strictSame(namesIn(one.folder).filter(isFile), ['in/a']);
  t.equal(await one.store.linkCounts.uploads('a'), 1);
});
