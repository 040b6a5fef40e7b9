/**
 * Each way to make a name refuses the same ones, composes the rest (NFC), and leaves what is there already as it is.
 * Here: PUT, a form, a file request, a move, a copy. `user:root` is an administrator.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { encodeResourcePath } from '../../src/acl/resource-path.js';
import { newShareToken } from '../../src/links/share-token.js';
import { linkRecord } from '../storage/given-links.js';
import { draft, mayRead, namesIn, partialsIn, path, put, served } from '../uploads/given.js';
import { type Answer, API, FORM_HEADERS, form, isProblem, WRITE } from './asking-files.js';
import { type FilesScene, filesScene } from './files-scene.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const JSON_BODY = { 'content-type': 'application/json' };

interface Named extends FilesScene {
  /** Sends the name in each way; `/in/` is the folder. */
  readonly ways: Readonly<Record<string, (name: string) => Promise<Answer>>>;
}

async function namedScene(t: Test): Promise<Named> {
  const given = await filesScene(t, { formFilesMax: 3 });
  const { text: token, id, hash } = newShareToken();
  const expiresAt = Date.now() + DAY_MS;
  await given.store.shareLinks.addLink(
    linkRecord(id, { kind: 'upload', path: path('/in/'), createdAt: Date.now(), hash }, { expiresAt }),
  );
  const url = (name: string) => `${WRITE}${encodeResourcePath(`/in/${name}`)}`;
  const relocate = (verb: 'move' | 'copy', from: string) => async (name: string) => {
    if (served(given.folder, from) === undefined) await put(given, from, 'source');
    const body = JSON.stringify({ from, to: `/in/${name}` });
    return given.ask('POST', `${API}/files/${verb}`, { as: 'root', headers: JSON_BODY, body });
  };
  const post = (target: string, name: string, as?: string) =>
    given.ask('POST', target, {
      ...(as !== undefined && { as }),
      headers: FORM_HEADERS,
      body: form({ name: 'f', filename: name, text: 'x' }),
    });
  const ways = {
    PUT: (name: string) => given.ask('PUT', url(name), { as: 'root', body: 'x' }),
    form: (name: string) => post(`${WRITE}/in/`, name, 'root'),
    'file request': (name: string) => post(`/_latchkey/s/${token}/`, name),
    'file request by PUT': (name: string) =>
      given.ask('PUT', `/_latchkey/s/${token}/${encodeURIComponent(name)}`, { body: 'x' }),
    move: relocate('move', '/source'),
    copy: relocate('copy', '/source'),
  };
  return { ...given, ways };
}

t.test('a name with a refused character anywhere in it is refused by each way in', async (t) => {
  const given = await namedScene(t);
  const refused = ['\u202e', '\u2069', '\u200b', '\u200f', '\ufeff', '\u00ad', '\u2028', '\u{e0061}'];
  const part = fc.stringMatching(/^[a-z .é]{0,8}$/u);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(given.ways)),
      part,
      fc.constantFrom(...refused),
      part,
      async (way, before, character, after) => {
        const answer = await given.ways[way]?.(`${before}${character}${after}`);
        const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
        return (
          answer?.status === 400 && answer.text.includes(`U+${code}`) && !answer.text.includes(character)
        );
      },
    ),
    { numRuns: 200 },
  );
  t.strictSame(namesIn(given.folder), ['source'], 'nothing is there, no folder either');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('each way composes a new name, and asks for the right to that one', async (t) => {
  for (const way of ['PUT', 'form', 'file request', 'move', 'copy']) {
    const given = await namedScene(t);
    t.ok([200, 201].includes((await given.ways[way]?.('Cafe\u0301 1'))?.status ?? 0), way);
    t.ok(namesIn(given.folder).includes('in/Caf\u00e9 1'), way);
    t.notOk(namesIn(given.folder).includes('in/Cafe\u0301 1'), way);
  }
  const given = await filesScene(t);
  await given.store.acl.putGrants([draft('user:eve write /in/'), draft('user:eve deny write /in/\u00e9')]);
  const put = await given.ask('PUT', `${WRITE}/in/e%CC%81`, { as: 'eve', body: 'x' });
  isProblem(t, put, 403, 'forbidden', /may not write/);
  t.strictSame(namesIn(given.folder), []);
});

t.test('a PUT says where it is, a move and a copy as well', async (t) => {
  const given = await namedScene(t);
  const first = await given.ways.PUT?.('e\u0301');
  t.match(first, { status: 201, headers: { location: '/files/in/%C3%A9' } });
  const second = await given.ways.PUT?.('e\u0301');
  t.match(second, { status: 204, headers: { location: '/files/in/%C3%A9' } }, 'where it replaced one, too');
  t.match(JSON.parse((await given.ways.move?.('a\u030a'))?.text ?? ''), { path: '/in/\u00e5' });
  t.match(JSON.parse((await given.ways.copy?.('o\u0308'))?.text ?? ''), { path: '/in/\u00f6' });
});

t.test('what is there with such a name is replaced, moved away and removed', async (t) => {
  const given = await namedScene(t);
  for (const name of ['\u202eold', 'e\u0301', 'zero\u200bwidth']) {
    const on = `/old\u200b/${name}`;
    const url = `${WRITE}${encodeResourcePath(on)}`;
    mkdirSync(`${given.folder}/store/files/old\u200b`, { recursive: true });
    writeFileSync(`${given.folder}/store/files${on}`, 'old');
    t.match(await given.ask('PUT', url, { as: 'root', body: 'new' }), { status: 204 });
    t.equal(served(given.folder, on), 'new', JSON.stringify(name));
    const body = JSON.stringify({ from: on, to: '/plain' });
    const moved = await given.ask('POST', `${API}/files/move`, { as: 'root', headers: JSON_BODY, body });
    t.equal(moved.status, 200);
    t.equal((await given.ask('DELETE', `${WRITE}/plain`, { as: 'root' })).status, 204);
    writeFileSync(`${given.folder}/store/files${on}`, 'old');
    t.equal((await given.ask('DELETE', url, { as: 'root' })).status, 204);
  }
  const inside = `${WRITE}${encodeResourcePath('/old\u200b/plain')}`;
  t.equal(
    (await given.ask('PUT', inside, { as: 'root', body: 'x' })).status,
    201,
    'a new file in such a folder',
  );
  const deeper = `${WRITE}${encodeResourcePath('/old\u200b/sub\u200b/plain')}`;
  isProblem(t, await given.ask('PUT', deeper, { as: 'root', body: 'x' }), 400, 'bad-request', /U\+200B/);
  t.equal(await mayRead(given.authorizer, 'user:eve', '/old\u200b/plain'), false);
});

t.test('who may not write is told nothing of a name', async (t) => {
  const given = await filesScene(t);
  const url = `${WRITE}${encodeResourcePath('/in/\u202ex')}`;
  isProblem(t, await given.ask('PUT', url, { as: 'eve', body: 'x' }), 403, 'forbidden', /may not/);
});
