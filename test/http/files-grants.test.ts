/**
 * Grants that an upload sets with it, by header or by form field: only for who may `manage`, in the words of the
 * CLI, and in force with the bytes, neither before nor after them.
 */

import t from 'tap';
import type { CommitStep } from '../../src/uploads/committer.js';
import { mayRead, path, served } from '../uploads/given.js';
import { FORM_HEADERS, form, isProblem, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const TEAM = `${WRITE}/team/`;
const PLAN = '/team/plan';
const UNTIL = '2100-01-31T12:00:00Z';

t.test('the header sets them with the file', async (t) => {
  const given = await managed(t);
  const headers = {
    'x-latchkey-grants': `user:bob read, user:two%20words write until=${UNTIL}, anyone deny manage`,
  };
  t.equal((await given.ask('PUT', `${TEAM}plan`, { as: 'alice', headers, body: 'x' })).status, 201);
  t.strictSame(await grantsOn(given, PLAN), [
    ['user:bob', 'allow', 'read', undefined],
    ['user:two words', 'allow', 'write', Date.parse(UNTIL)],
    ['anyone', 'deny', 'manage', undefined],
  ]);
});

t.test('the field sets them on each file of the form, before the files or behind them', async (t) => {
  const given = await managed(t);
  const grants = [
    { name: 'grants', text: 'user:bob read' },
    { name: 'grants', text: 'user:ann write' },
  ];
  const file = (filename: string) => ({ name: 'f', filename, text: filename });
  for (const parts of [
    [...grants, file('a'), file('b')],
    [file('c'), ...grants, file('d')],
  ]) {
    const body = form(...parts);
    t.equal((await given.ask('POST', TEAM, { as: 'alice', headers: FORM_HEADERS, body })).status, 201);
  }
  for (const name of ['a', 'b', 'c', 'd']) {
    t.strictSame(await grantsOn(given, `/team/${name}`), [
      ['user:bob', 'allow', 'read', undefined],
      ['user:ann', 'allow', 'write', undefined],
    ]);
  }
});

t.test('who may write and not manage uploads without them, and not with them', async (t) => {
  const given = await managed(t);
  await given.grant('user:bob write /team/');
  const headers = { 'x-latchkey-grants': 'user:bob manage' };
  const put = await given.ask('PUT', `${TEAM}plan`, { as: 'bob', headers, body: 'x' });
  isProblem(t, put, 403, 'forbidden', /may not manage/);
  const body = form({ name: 'f', filename: 'plan', text: 'x' }, { name: 'grants', text: 'user:bob manage' });
  const posted = await given.ask('POST', TEAM, { as: 'bob', headers: FORM_HEADERS, body });
  isProblem(t, posted, 403, 'forbidden', /may not manage/);
  t.equal(served(given.folder, PLAN), undefined);
  t.strictSame(await grantsOn(given, PLAN), []);
  t.equal((await given.ask('PUT', `${TEAM}plan`, { as: 'bob', body: 'x' })).status, 201);
  t.strictSame(await grantsOn(given, PLAN), []);
});

t.test('to manage the folder is not enough where the file itself is denied', async (t) => {
  const given = await managed(t);
  await given.grant('user:alice deny manage /team/plan');
  const headers = { 'x-latchkey-grants': 'user:bob read' };
  const put = await given.ask('PUT', `${TEAM}plan`, { as: 'alice', headers, body: 'x' });
  isProblem(t, put, 403, 'forbidden', /may not manage/);
});

t.test('one that cannot be read refuses the upload, and is named', async (t) => {
  const given = await managed(t);
  for (const entry of [
    'user:bob read until=tomorrow',
    'user:bob read from=2100-01-01T00:00',
    'group: read',
    'anyone',
  ]) {
    const headers = { 'x-latchkey-grants': `user:bob read, ${entry}` };
    const put = await given.ask('PUT', `${TEAM}plan`, { as: 'alice', headers, body: 'x' });
    isProblem(t, put, 400, 'bad-request', /cannot be set/);
    t.ok(JSON.parse(put.text).detail.includes(JSON.stringify(entry)), entry);
  }
  t.equal(served(given.folder, PLAN), undefined);
});

t.test('they are in force with the bytes: until both are there, nobody is told anything', async (t) => {
  const seen: [CommitStep, string | undefined][] = [];
  const given = await managed(t, (step) => {
    // Decided before this returns: over SQLite nothing is waited for.
    seen.push([step, served(given.folder, PLAN)]);
    asked.push(mayRead(given.authorizer, 'user:bob', PLAN));
  });
  const asked: Promise<unknown>[] = [];
  for (const [body, lines] of [
    ['for bob', 'user:bob read'],
    ['not for bob', 'user:bob deny read'],
  ] as const) {
    const headers = { 'x-latchkey-grants': lines };
    t.ok((await given.ask('PUT', `${TEAM}plan`, { as: 'alice', headers, body })).status < 300);
  }
  const told = await Promise.all(asked);
  t.strictSame(
    seen.map(([step, text], i) => [step, text, told[i]]),
    [
      ['prepared', undefined, false],
      ['journaled', undefined, 'not-known'],
      ['renamed', 'for bob', 'not-known'],
      ['finished', 'for bob', true],
      ['prepared', 'for bob', true],
      ['journaled', 'for bob', 'not-known'],
      ['renamed', 'not for bob', 'not-known'],
      ['finished', 'not for bob', false],
    ],
  );
});

async function managed(t: Parameters<typeof filesScene>[0], onStep?: (step: CommitStep) => void) {
  const given = await filesScene(t, onStep === undefined ? {} : { onStep });
  await given.grant('user:alice manage /team/');
  return given;
}

/** As they are shown: who, effect, action, end; in the order in which they were set. */
async function grantsOn({ store }: FilesScene, on: string) {
  const grants = [...(await store.acl.grantsOn([path(on)]))].sort((a, b) => a.id - b.id);
  return grants.map(({ principal, effect, action, expiresAt }) => [principal, effect, action, expiresAt]);
}
