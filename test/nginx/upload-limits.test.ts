/**
 * The limits of uploads through nginx: what is refused leaves nothing, and 200 clients that trickle take neither
 * decisions nor downloads from anybody; those that pass through the files service are given up.
 */

import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { partialsIn, rawIn } from '../uploads/given.js';
import { type Site, startSite } from './running-site.js';

const TRICKLING = 200;
const PATIENCE_MS = 60_000;

function left(site: Site): readonly string[] {
  return [...partialsIn(site.dataFolder), ...rawIn(site.dataFolder)];
}

/** The service drops what a refused upload had a moment after its answer. */
async function nothingLeft(t: Test, site: Site): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (left(site).length > 0 && performance.now() < deadline) await turn();
  t.strictSame(left(site), [], 'nothing is left on the disk');
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test('a quota is told as such through nginx, by every way in', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  await site.cli('quota', 'set', 'user:alice', '--bytes', '10');
  t.equal((await site.ask('PUT', '/files/users/alice/a', { token, body: 'x'.repeat(8) })).status, 201);
  const form = '--b\r\nContent-Disposition: form-data; name="f"; filename="b"\r\n\r\nxxx\r\n--b--\r\n';
  const multipart = { 'content-type': 'multipart/form-data; boundary=b' };
  for (const [method, target, headers, body] of [
    ['PUT', '/files/users/alice/b', {}, 'xxx'],
    ['POST', '/files/users/alice/', multipart, form],
  ] as const) {
    const answer = await site.ask(method, target, { token, headers, body });
    t.equal(answer.status, 507);
    t.match(answer.body.toString(), /quota-exceeded.*10 bytes, and have 8 bytes/);
  }
  await nothingLeft(t, site);
  t.equal((await site.ask('GET', '/files/users/alice/b', { token })).status, 404);
  t.match((await site.cli('quota', 'show', 'user:alice')).stdout, /8 of 10 bytes and 1 of any files/);

  // A large one is refused by its head alone: no byte of it is ever sent.
  t.match(
    await answerToHead(site, '/files/users/alice/b%3Fc%20%25', 'alice'),
    /^HTTP\/1\.1 507 .*quota-exceeded.*10 bytes, and have 8 bytes/s,
  );
  // Who may not write there is told so, whether or not there is room.
  for (const [target, who, status] of [
    ['/files/users/alice/b', undefined, 401],
    ['/files/users/alice/b', 'bob', 403],
    ['/_latchkey/large/files/users/alice/b', 'alice', 404],
    ['/_latchkey/room', 'alice', 404],
  ] as const) {
    t.match(await answerToHead(site, target, who), new RegExp(`^HTTP/1\\.1 ${status} `), target);
  }
  await nothingLeft(t, site);

  // One that fits is the file that it was, by its name, with a length and without.
  const body = Buffer.alloc(1_500_000, 'x');
  const bob = site.token('bob');
  for (const name of ['large', 'odd%3F%23%20%25%2541%0', 'e%CC%81']) {
    const put = await site.ask('PUT', `/files/users/bob/${name}`, { token: bob, body });
    t.equal(put.status, name.endsWith('%0') ? 400 : 201, name);
    if (put.status !== 201) continue;
    const composed = name.replace('e%CC%81', '%C3%A9');
    const got = await site.ask('GET', `/files/users/bob/${composed}`, { token: bob });
    t.equal(Buffer.compare(got.body, body), 0, name);
  }
  await nothingLeft(t, site);
});

/** nginx would wait for the body before it closes: the client does not. */
async function answerToHead(site: Site, target: string, who: string | undefined): Promise<string> {
  const credential = who === undefined ? [] : [`Authorization: Bearer ${site.token(who)}`];
  const lines = [`PUT ${target} HTTP/1.1`, 'Host: localhost', 'Content-Length: 5000000', ...credential];
  const socket = connect(site.port, '127.0.0.1', () => socket.write([...lines, '', ''].join('\r\n')));
  let said = '';
  socket.setEncoding('latin1');
  for await (const text of socket) {
    said += text;
    if (/\r\n\r\n.*(?:\}\n|<\/html>\r?\n)/s.test(said)) break;
  }
  socket.destroy();
  return said;
}

t.test('200 uploads that trickle', async (t) => {
  const site = await startSite(t, {
    LATCHKEY_USER_UPLOADS_MAX: String(TRICKLING),
    LATCHKEY_UPLOAD_TIME_MAX: '5s',
  });
  const token = site.token('alice');
  const file = '/files/users/alice/plan';
  t.equal((await site.ask('PUT', file, { token, body: 'plan' })).status, 201);
  const clients = Array.from({ length: TRICKLING }, (_, i) => trickling(site.port, token, i));
  t.teardown(() => {
    for (const { socket } of clients) socket.destroy();
  });
  await Promise.all(clients.map(({ begun }) => begun));
  for (let i = 0; i < 20; i++) {
    t.equal((await site.ask('GET', file, { token })).body.toString(), 'plan', 'who downloads is answered');
    t.equal((await site.ask('GET', file)).status, 401, 'and who may not');
  }
  const forms = clients.filter(({ isForm }) => isForm);
  for (const { answer } of forms) t.match(await answer, /^HTTP\/1\.1 408 .*too-slow/s);
  for (const { socket } of clients) socket.destroy();
  await nothingLeft(t, site);
  t.equal((await site.ask('PUT', `${file}-2`, { token, body: 'plan' })).status, 201, 'there is room again');
});

/** Half of them are forms, which pass through the files service; nginx writes the others by itself. */
function trickling(port: number, token: string, i: number) {
  const isForm = i % 2 === 0;
  const lines = [
    isForm ? 'POST /files/users/alice/ HTTP/1.1' : `PUT /files/users/alice/slow-${i} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Content-Length: 1000000',
    ...(isForm ? ['Content-Type: multipart/form-data; boundary=b'] : []),
    '',
    isForm ? `--b\r\nContent-Disposition: form-data; name="f"; filename="form-${i}"\r\n\r\nx` : 'x',
  ];
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const begun = new Promise<void>((resolve) => {
    socket.once('connect', () => socket.write(lines.join('\r\n'), () => resolve()));
  });
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  return { socket, isForm, begun, answer };
}
