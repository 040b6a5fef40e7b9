/** Asking another server: every answer of a real one, good and hostile, within the limits. */

import type { RequestListener } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { fetchJson } from '../../src/credentials/fetch-json.js';
import { freePort } from '../nginx/free-port.js';
import { type Served, serve } from './serving.js';

const LIMITS = { timeoutMs: 20_000, bytesMax: 1_000 };
/** For answers that never come. */
const SHORT = { ...LIMITS, timeoutMs: 300 };

function ask({ url }: Served, headers = {}) {
  return fetchJson(url, headers, LIMITS);
}

t.test('the status, and the document of a 200, whatever they are', async (t) => {
  const table: readonly (readonly [answer: RequestListener, status: number, json: unknown])[] = [
    [(_, response) => response.end('{"a":1}'), 200, { a: 1 }],
    [(_, response) => response.writeHead(404).end('{"a":1}'), 404, undefined],
    [(_, response) => response.writeHead(500).end(), 500, undefined],
    [(_, response) => response.writeHead(204).end(), 204, undefined],
    [(_, response) => response.end('<html>'), 200, undefined],
    [(_, response) => response.end('null'), 200, null],
    [(_, response) => response.end('[1]'), 200, [1]],
    [(_, response) => response.end(Buffer.from([0xff, 0xfe, 0x00])), 200, undefined],
    [
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}')),
      200,
      { a: 1 },
    ],
    [(_, response) => response.end(`"${'x'.repeat(998)}"`), 200, 'x'.repeat(998)],
  ];
  for (const [answer, status, json] of table) {
    t.strictSame(await ask(await serve(t, answer)), { status, json });
  }
});

t.test('headers are sent, and JSON is asked for', async (t) => {
  const server = await serve(t, ({ headers, url }, response) => {
    response.end(JSON.stringify([url, headers.accept, headers.cookie]));
  });
  const { json } = await fetchJson(`${server.url}/keys?a=b`, { cookie: 'a=b' }, LIMITS);
  t.same(json, ['/keys?a=b', 'application/json', 'a=b']);
});

t.test('a redirect is not followed', async (t) => {
  const target = await serve(t, (_, response) => response.end('{"a":1}'));
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await serve(t, (_, response) =>
      response.writeHead(status, { location: target.url }).end('{}'),
    );
    t.equal((await ask(server)).status, status);
  }
  t.equal(target.requests.length, 0);
});

t.test('what goes wrong is said in one line that names the server and nothing that was sent', async (t) => {
  const refused = `http://127.0.0.1:${await freePort()}`;
  const table: readonly (readonly [server: Served | { readonly url: string }, message: RegExp])[] = [
    [{ url: refused }, /could not be asked: ECONNREFUSED$/],
    [await serve(t, () => undefined), /did not answer within 300 ms$/],
    [
      await serve(t, (_, response) => void response.writeHead(200).write('{')),
      /did not answer within 300 ms$/,
    ],
    [await serve(t, dripping), /did not answer within 300 ms$/],
    [
      await serve(t, (_, response) => response.end('x'.repeat(1_001))),
      /the answer has more than 1000 bytes$/,
    ],
    [await serve(t, endless), /the answer has more than 1000 bytes$/],
    [await serve(t, bomb), /the answer has more than 1000 bytes$/],
    [await serve(t, ({ socket }) => socket.destroy()), /could not be asked: \w/],
    [await serve(t, cutShort), /could not be asked: \w/],
    [await rubbish(t, 'SSH-2.0-OpenSSH_9.2\r\n'), /could not be asked: Response does not match/],
    [await rubbish(t, `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), /could not be asked: \w/],
  ];
  for (const [{ url }, message] of table) {
    const limits = message.test('did not answer within 300 ms') ? SHORT : LIMITS;
    const asked = fetchJson(`${url}/keys?secret=hush`, { cookie: 'hush' }, limits);
    const error = await asked.then(
      () => new Error('it answered'),
      (problem: Error) => problem,
    );
    t.match(error.message, message);
    t.ok(error.message.startsWith(`${url} `), error.message);
    t.notMatch(error.message, /hush|\n/);
  }
});

const dripping: RequestListener = (_, response) => {
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

const endless: RequestListener = (_, response) => {
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(10_000)));
  };
  response.on('drain', more);
  more();
};

const bomb: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(10_000_000)));
};

const cutShort: RequestListener = ({ socket }, response) => {
  response.writeHead(200, { 'content-length': 10 }).write('{}');
  socket.end();
};

/** A server that does not speak HTTP. */
async function rubbish(t: Test, bytes: string): Promise<{ readonly url: string }> {
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(bytes);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return { url: `http://127.0.0.1:${port}` };
}
