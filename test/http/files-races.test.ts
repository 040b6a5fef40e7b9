/** Many at once over the socket: of those that want to be the first one is, and no update is lost. */

import t from 'tap';
import { entityTag } from '../../src/uploads/preconditions.js';
import { partialsIn, path, served } from '../uploads/given.js';
import { FORM_HEADERS, form, WRITE } from './asking-files.js';
import { filesScene } from './files-scene.js';

const RACERS = 20;
const FILE = `${WRITE}/users/alice/counter`;
const PATH = '/users/alice/counter';

t.test('20 PUTs with If-None-Match: * on one path: one 201, the rest 412', async (t) => {
  const given = await filesScene(t);
  const headers = { 'if-none-match': '*' };
  const answers = await Promise.all(
    Array.from({ length: RACERS }, (_, i) =>
      given.ask('PUT', FILE, { as: 'alice', headers, body: [`racer ${i}`, '!'] }),
    ),
  );
  const statuses = answers.map(({ status }) => status).sort();
  t.strictSame(statuses, [201, ...Array.from({ length: RACERS - 1 }, () => 412)]);
  const winner = answers.findIndex(({ status }) => status === 201);
  t.equal(served(given.folder, PATH), `racer ${winner}!`, 'and it is the bytes of the one');
  t.strictSame(partialsIn(given.folder), []);
});

t.test('20 counters that read, add one and write with If-Match: none is lost', async (t) => {
  const given = await filesScene(t);
  await given.ask('PUT', FILE, { as: 'alice', body: '0' });
  let lost = 0;
  const count = async () => {
    for (;;) {
      // As nginx would: the bytes and the validator of one version.
      const found = await given.root.find(path(PATH));
      const text = served(given.folder, PATH);
      const again = await given.root.find(path(PATH));
      if (found === undefined || found.modifiedSeconds !== again?.modifiedSeconds) continue;
      const headers = { 'if-match': entityTag(found) };
      const { status } = await given.ask('PUT', FILE, {
        as: 'alice',
        headers,
        body: String(Number(text) + 1),
      });
      if (status === 204) return;
      lost += 1;
    }
  };
  await Promise.all(Array.from({ length: RACERS }, count));
  t.equal(served(given.folder, PATH), String(RACERS));
  t.ok(lost > 0, `${lost} were told 412 and read again`);
});

t.test('forms that cross each other are each whole', async (t) => {
  const given = await filesScene(t);
  const names = ['a', 'b', 'c'];
  const racers = Array.from({ length: RACERS }, (_, i) => {
    const order = i % 2 === 0 ? names : names.toReversed();
    const body = form(...order.map((filename) => ({ name: 'f', filename, text: `form ${i}` })));
    return given.ask('POST', `${WRITE}/users/alice/`, { as: 'alice', headers: FORM_HEADERS, body });
  });
  const statuses = new Set((await Promise.all(racers)).map(({ status }) => status));
  t.strictSame([...statuses], [201]);
  const texts = new Set(names.map((name) => served(given.folder, `/users/alice/${name}`)));
  t.equal(texts.size, 1, 'all three files are of the same form');
});
