/** What a visitor gets when a part is not there, is somebody else, or dies: never the file without a yes. */

import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import t from 'tap';
import { childrenOf, isAlive } from '../commands/processes.js';
import { startSite, stopped, until } from './running-site.js';
import { whileDown } from './while-down.js';

const FILE = '/files/users/alice/plan.txt';
const BACK_MS = 20_000;

t.test('a killed authorizer is 503, never the file; back again, all is as before', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  await site.ask('PUT', FILE, { token, body: 'private' });
  await site.cli('quota', 'set', 'user:alice', '--bytes', '10');
  await whileDown(site, 'authorizer', async () => {
    const { status, headers, body } = await site.ask('GET', FILE, { token });
    t.same([status, headers['retry-after']], [503, '1']);
    t.notOk(body.includes('private'));
    t.equal((await site.ask('GET', FILE)).status, 503, 'nor is a stranger told 401 without knowing');
    t.equal((await site.ask('PUT', FILE, { token, body: 'new' })).status, 503);
    // The files service finds no room for it, so the authorizer is asked on another way.
    const large = await site.ask('PUT', FILE, { token, body: Buffer.alloc(1_000_000) });
    t.same([large.status, large.headers['retry-after']], [503, '1'], 'nor is that of a large upload');
  });
  await until(
    () => site.ask('GET', FILE, { token }),
    (answer) => answer.status === 200,
    BACK_MS,
  );
  t.equal((await site.ask('GET', FILE, { token })).body.toString(), 'private');
  t.equal((await site.ask('GET', FILE)).status, 401);
});

t.test('a killed files service stops uploads, not what is served', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  await site.ask('PUT', FILE, { token, body: 'private' });
  await whileDown(site, 'files', async () => {
    t.equal((await site.ask('PUT', FILE, { token, body: 'new' })).status, 503);
    t.equal((await site.ask('GET', FILE, { token })).body.toString(), 'private');
    t.equal((await site.ask('GET', '/_latchkey/download/users/alice/plan.txt', { token })).status, 503);
  });
  await until(
    () => site.ask('PUT', FILE, { token, body: 'new' }),
    (answer) => answer.status === 204,
    BACK_MS,
  );
  t.equal((await site.ask('GET', FILE, { token })).body.toString(), 'new');
});

t.test('a stray 200, from a server that is no authorizer, opens nothing', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  await site.ask('PUT', FILE, { token, body: 'private' });
  let asked = 0;
  const stray = createServer((_request, response) => {
    asked += 1;
    response.end('hello');
  });
  // A unix socket's path may have only 107 bytes: it is reached over a shorter one.
  const short = mkdtempSync('/tmp/latchkey-');
  t.teardown(() => rmSync(short, { recursive: true }));
  symlinkSync(`${site.dataFolder}/run`, `${short}/run`);
  const socket = `${short}/run/authorizer-1.sock`;
  t.teardown(() => new Promise((resolve) => stray.close(resolve)));
  await whileDown(site, 'authorizer', async () => {
    rmSync(socket, { force: true });
    // nginx's workers are another user than a test that runs as root.
    await new Promise<void>((resolve) => stray.listen({ path: socket, writableAll: true }, resolve));
    for (const target of [FILE, '/files/users/alice/none', '/files/']) {
      const { status, body } = await site.ask('GET', target, { token });
      t.equal(status, 404, target);
      t.notOk(body.includes('private'));
    }
    t.equal(asked, 3, 'it was the stray server that answered');
  });
});

t.test('told to stop, it stops everything', async (t) => {
  const site = await startSite(t);
  const pids = childrenOf(site.process.pid ?? 0).map(({ pid }) => pid);
  t.ok(pids.length >= 3, 'two services and nginx');
  await stopped(site.process);
  t.same(pids.filter(isAlive), [], 'no child is left');
  await t.rejects(site.ask('GET', FILE), { code: 'ECONNREFUSED' });
});
