/** A scan by a service: it gets every byte, and its status is the answer. */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { scanByUrl } from '../../src/uploads/scan-url.js';
import { path, principal } from './given.js';

const BYTES = Buffer.alloc(3 * 1024 * 1024, 'some bytes');

async function serving(t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/scan`;
}

function scanned(t: Test) {
  const file = `${t.testdir()}/file`;
  writeFileSync(file, BYTES);
  return { file, path: path('/team/plän.pdf'), bytes: BYTES.length, owner: principal('user:alice') };
}

t.test('its status is the answer', async (t) => {
  const cases: readonly (readonly [status: number, text: string, answer: object | RegExp])[] = [
    [200, 'fine', { kind: 'yes' }],
    [204, '', { kind: 'yes' }],
    [422, '\n Eicar\u202e found\nmore', { kind: 'no', reason: 'Eicar? found' }],
    [422, '', { kind: 'no', reason: 'it gives no reason' }],
    [422, 'y'.repeat(100_000), { kind: 'no', reason: 'y'.repeat(200) }],
    [302, '', /redirect|302/],
    [401, 'who?', /answered 401: who\?/],
    [413, '', /answered 413/],
    [500, 'broken', /answered 500: broken/],
  ];
  for (const [status, text, answer] of cases) {
    await t.test(`${status} ${text.slice(0, 20)}`, async (t) => {
      const url = await serving(t, (request, response) => {
        request
          .resume()
          .on('end', () =>
            response.writeHead(status, { location: '/other' }).end(status === 204 ? undefined : text),
          );
      });
      const asked = scanByUrl({ url, timeoutMs: 10_000 }, scanned(t));
      if (answer instanceof RegExp) await t.rejects(asked, { code: 'scan-unavailable', message: answer });
      else t.strictSame(await asked, answer);
    });
  }
});

t.test('it is sent all bytes, and what is known of them', async (t) => {
  const hash = createHash('sha256');
  let headers: IncomingMessage['headers'] = {};
  const url = await serving(t, (request, response) => {
    headers = request.headers;
    request.on('data', (chunk) => hash.update(chunk)).on('end', () => response.end());
  });
  t.strictSame(await scanByUrl({ url, timeoutMs: 10_000 }, scanned(t)), { kind: 'yes' });
  t.equal(hash.digest('hex'), createHash('sha256').update(BYTES).digest('hex'));
  t.match(headers, {
    'content-type': 'application/octet-stream',
    'x-latchkey-scan-path': '/team/pl%C3%A4n.pdf',
    'x-latchkey-scan-bytes': String(BYTES.length),
    'x-latchkey-scan-owner': 'user%3Aalice',
  });
});

t.test('one that is not there, hangs or breaks off is not known', async (t) => {
  const notKnown = { name: 'NotKnown', code: 'scan-unavailable' };
  await t.rejects(scanByUrl({ url: 'http://127.0.0.1:1/', timeoutMs: 10_000 }, scanned(t)), notKnown);
  const silent = await serving(t, (request) => void request.resume());
  await t.rejects(scanByUrl({ url: silent, timeoutMs: 300 }, scanned(t)), {
    ...notKnown,
    message: /timeout/,
  });
  const breaking = await serving(t, (request) => request.socket.destroy());
  await t.rejects(scanByUrl({ url: breaking, timeoutMs: 10_000 }, scanned(t)), notKnown);
});
