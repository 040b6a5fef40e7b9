/**
 * What is nginx's own part of an upload: who may not write is refused before a byte is read, a client that goes away
 * leaves nothing, and nobody but nginx names the file that is taken over.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { childrenOf } from '../commands/processes.js';
import { partialsIn, rawIn } from '../uploads/given.js';
import { pastedSite } from './pasted-site.js';
import { type Answer, hasSaid, type Site, startSite, until } from './running-site.js';

const KIB = 1024;
const MIB = KIB * KIB;
const SOON_MS = 30_000;
const FILE = '/files/users/alice/plan';
const NO_SPACE_MIB = 24;

/** A request whose head, and what else is written, goes out when the test says so. */
async function begun(t: Test, { port }: Site, head: readonly string[]): Promise<Socket & { said: string }> {
  const socket = Object.assign(connect(port, '127.0.0.1'), { said: '' });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined); // nginx may close while we write
  socket.setEncoding('latin1').on('data', (text: string) => {
    socket.said += text;
  });
  socket.write([...head, 'Host: a', '', ''].join('\r\n'));
  return socket;
}

const headOf = (token: string, bytes: number, ...more: readonly string[]) => [
  `PUT ${FILE} HTTP/1.1`,
  `Authorization: Bearer ${token}`,
  `Content-Length: ${bytes}`,
  ...more,
];

const left = ({ dataFolder }: { dataFolder: string }) => [...partialsIn(dataFolder), ...rawIn(dataFolder)];

/** Looks again at each turn of the event loop. */
function sees<T>(look: () => T, good: (value: T) => boolean): Promise<T> {
  return until(() => turn().then(look), good, SOON_MS);
}

const nothingLeft = (site: { dataFolder: string }) =>
  sees(
    () => left(site),
    ({ length }) => length === 0,
  );
const isThere = ({ dataFolder }: Site) =>
  sees(
    () => rawIn(dataFolder),
    ({ length }) => length === 1,
  );
const answerOf = (socket: { said: string }, what: RegExp) =>
  sees(
    () => socket.said,
    (said) => what.test(said),
  );

t.test('who may write is told to go on; who may not is refused, and nothing is written', async (t) => {
  const site = await startSite(t);
  const alice = await begun(t, site, headOf(site.token('alice'), 4, 'Expect: 100-continue'));
  await answerOf(alice, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  alice.write('plan');
  await answerOf(alice, /HTTP\/1\.1 201 /);
  await nothingLeft(site); // nginx removes its own name for it just after it has answered
  for (const [token, status] of [
    [site.token('bob'), 403],
    ['x.y.z', 401],
  ] as const) {
    const waiting = await begun(t, site, headOf(token, 4, 'Expect: 100-continue'));
    // nginx says '100 Continue' to it as well: it does before a `return` of a named location (docs/nginx.md).
    await answerOf(waiting, new RegExp(`HTTP/1\\.1 ${status} `));
    const eager = await begun(t, site, headOf(token, 2 * MIB));
    eager.write(Buffer.alloc(MIB));
    t.match(await answerOf(eager, /\r\n\r\n/), new RegExp(`^HTTP/1\\.1 ${status} `));
    t.strictSame(left(site), [], 'nothing was written');
  }
});

t.test('a client that goes away leaves nothing, and is no error of the service', async (t) => {
  const site = await startSite(t);
  const socket = await begun(t, site, headOf(site.token('alice'), 3 * MIB));
  socket.write(Buffer.alloc(2 * MIB));
  await isThere(site);
  socket.destroy();
  t.strictSame(await nothingLeft(site), []);
  t.equal((await site.ask('GET', FILE, { token: site.token('alice') })).status, 404);
  t.notMatch(site.said(), /"level":50/);
});

t.test('a right that is revoked while the body comes is no right', async (t) => {
  const site = await startSite(t, { LATCHKEY_HOME: '' });
  await site.cli('grant', 'user:alice', 'write', '/users/alice/');
  const socket = await begun(t, site, headOf(site.token('alice'), 3 * MIB));
  socket.write(Buffer.alloc(2 * MIB));
  await isThere(site);
  t.equal((await site.cli('revoke', 'user:alice', '/users/alice/')).code, 0);
  socket.write(Buffer.alloc(MIB));
  t.match(await answerOf(socket, /\r\n\r\n/), /^HTTP\/1\.1 403 /);
  t.strictSame(await nothingLeft(site), []);
});

t.test('an upload outlives the files service, killed while nginx still writes', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  const body = randomBytes(3 * MIB);
  const socket = await begun(t, site, headOf(token, body.length));
  socket.write(body.subarray(0, 2 * MIB));
  await isThere(site);
  const service = () =>
    childrenOf(site.process.pid ?? 0).find(({ words }) => words.at(-2) === 'files')?.pid ?? 0;
  const killed = service();
  process.kill(killed, 'SIGKILL');
  const another = () => site.ask('PUT', `${FILE}-2`, { token, body: 'small' });
  const isBack = ({ status }: Answer) => [201, 204].includes(status) && ![0, killed].includes(service());
  await until(another, isBack, SOON_MS);
  socket.write(body.subarray(2 * MIB));
  t.match(await answerOf(socket, /\r\n\r\n/), /^HTTP\/1\.1 201 /);
  t.ok((await site.ask('GET', FILE, { token })).body.equals(body), 'whole');
  t.strictSame(await nothingLeft(site), []);
});

t.test('what a killed worker of nginx leaves is no file, and in nobody’s way', async (t) => {
  const site = await startSite(t);
  const token = site.token('alice');
  const socket = await begun(t, site, headOf(token, 3 * MIB));
  socket.write(Buffer.alloc(2 * MIB));
  await isThere(site);
  const master = childrenOf(site.process.pid ?? 0).find(({ words }) => words[0]?.startsWith('nginx'))?.pid;
  for (const { pid } of childrenOf(master ?? 0)) process.kill(pid, 'SIGKILL');
  const another = () => site.ask('PUT', FILE, { token, body: 'whole' }).catch(() => ({ status: 0 }));
  await until(another, ({ status }) => [201, 204].includes(status), SOON_MS);
  t.equal((await site.ask('GET', FILE, { token })).body.toString(), 'whole');
  t.equal((await isThere(site)).length, 1, 'it lies there until it is a day old');
  t.strictSame(partialsIn(site.dataFolder), []);
});

for (const args of [[], ['--no-nginx']]) {
  t.test(`a visitor names no file that is taken over: up ${args}`, async (t) => {
    const site = await startSite(t, {}, args);
    const secret = randomBytes(16).toString('hex');
    const folder = `${site.dataFolder}/partial/nginx`;
    const planted = `${folder}/0000099999`;
    writeFileSync(planted, secret, { mode: 0o600 });
    const { uid, gid } = statSync(folder);
    chownSync(planted, uid, gid);
    const token = site.token('alice');
    const names = ['0000099999', './0000099999', planted, '../secret', '../../latchkey.db'];
    for (const [i, name] of names.entries()) {
      const headers = { 'X-Latchkey-Upload': name, 'X-Latchkey-Upload-Bytes': String(secret.length) };
      for (const [target, body, status] of [
        [`${FILE}-${i}`, undefined, 201],
        [`${FILE}-${i}`, 'own bytes', 204],
        [`/_latchkey/raw${FILE}`, undefined, 404],
        [`/_latchkey/write${FILE}`, undefined, 404],
      ] as const) {
        const asked = await site.ask('PUT', target, { token, headers, ...(body !== undefined && { body }) });
        t.equal(asked.status, status, `${target}: ${name}`);
      }
      const lower = { 'x-latchkey-upload': name, 'x-latchkey-upload-bytes': '32', x_latchkey_upload: name };
      await site.ask('PUT', `${FILE}-${i}`, { token, headers: { ...headers, ...lower }, body: 'own bytes' });
      const got = await site.ask('GET', `${FILE}-${i}`, { token });
      t.equal(got.body.toString(), 'own bytes');
      const form = { ...headers, 'Content-Type': 'multipart/form-data; boundary=xx' };
      const posted = await site.ask('POST', '/files/users/alice/', {
        token,
        headers: form,
        body: '--xx--\r\n',
      });
      t.equal(posted.status, 400, 'a form without a file has none');
    }
    t.equal(readFileSync(planted, 'utf8'), secret, 'it is where it was');
    t.equal(statSync(planted).nlink, 1);
  });
}

t.test(
  'an nginx that writes uploads elsewhere is found out by the first one, with what to mend',
  async (t) => {
    const site = await pastedSite(t, {
      http: ({ folder, port }, { http, server }) => {
        const elsewhere = server.replace(/(client_body_temp_path +)[^;]+;/, `$1${folder}/elsewhere;`);
        return `${http}\nserver { listen 127.0.0.1:${port};\n${elsewhere}\n}`;
      },
    });
    const asked = await site.ask('PUT', '/media/users/alice/a', { token: site.token('alice'), body: 'x' });
    t.equal(asked.status, 500);
    t.match(JSON.parse(asked.body.toString()), { type: 'urn:latchkey:problem:internal' });
    const told = /client_body_temp_path must be the folder 'nginx' in LATCHKEY_PARTIAL/;
    t.ok(await hasSaid(site.files, told));
    t.strictSame(partialsIn(`${site.folder}/data`), []);
  },
);

t.test('the lines for an existing site take uploads as they are', async (t) => {
  const site = await pastedSite(t, {
    http: ({ port }, { http, server }) => `${http}\nserver { listen 127.0.0.1:${port};\n${server}\n}`,
  });
  const token = site.token('alice');
  const body = randomBytes(MIB);
  t.equal((await site.ask('PUT', '/media/users/alice/a', { token, body })).status, 201);
  t.ok((await site.ask('GET', '/media/users/alice/a', { token })).body.equals(body));
  t.strictSame(await nothingLeft({ dataFolder: `${site.folder}/data` }), []);
});

t.test('no space: 507, nothing is left, and what fits is taken', async (t) => {
  const disk = mkdtempSync(`${tmpdir()}/latchkey-`);
  if (
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${NO_SPACE_MIB}m,mode=777`, 'tmpfs', disk]).status !== 0
  ) {
    rmdirSync(disk);
    t.comment('nothing can be mounted here: not looked at');
    return;
  }
  t.teardown(() => execFileSync('umount', ['--lazy', disk]) && rmdirSync(disk));
  const settings = {
    LATCHKEY_ROOT: `${disk}/store`,
    LATCHKEY_PARTIAL: `${disk}/partial`,
    LATCHKEY_TRASH_BYTES_MAX: '1g', // more than there is: no sweep takes any of it
  };
  const site = await startSite(t, settings);
  const token = site.token('alice');
  const large = Buffer.alloc((NO_SPACE_MIB + 1) * MIB);
  const lines = [`PUT ${FILE} HTTP/1.1`, 'Host: a', 'Connection: close', `Authorization: Bearer ${token}`];
  const chunked = Buffer.concat([
    Buffer.from([...lines, 'Transfer-Encoding: chunked', '', large.length.toString(16), ''].join('\r\n')),
    large,
    Buffer.from('\r\n0\r\n\r\n'),
  ]);
  for (const [send, detail] of [
    // Where nobody knows how much will come, nginx finds out by itself.
    [() => site.raw(chunked), /send it again/],
    [() => site.raw(chunked), /send it again/],
    [() => site.ask('PUT', FILE, { token, body: large }), /free some/],
  ] as const) {
    const { status, body } = await send();
    t.equal(status, 507);
    t.match(JSON.parse(body.toString()), { type: 'urn:latchkey:problem:no-space', detail });
    t.strictSame(await nothingLeft({ dataFolder: disk }), []);
  }
  const fits = randomBytes(MIB);
  t.equal((await site.ask('PUT', FILE, { token, body: fits })).status, 201);
  t.ok((await site.ask('GET', FILE, { token })).body.equals(fits));

  // Uploads and deletions in turns: what was deleted the longest ago gives way.
  const third = randomBytes((NO_SPACE_MIB / 3) * MIB);
  for (let i = 0; i < 4; i++) {
    t.equal((await site.ask('PUT', `${FILE}-${i}`, { token, body: third })).status, 201, `${i}`);
    t.equal((await site.ask('DELETE', `${FILE}-${i}`, { token })).status, 204);
  }
  const listed = JSON.parse((await site.cli('trash', 'list', '--json')).stdout);
  const paths = listed.entries.map((one: { path: string }) => one.path);
  t.strictSame([paths[0], paths.includes('/users/alice/plan-0')], ['/users/alice/plan-3', false]);
  t.ok((await site.ask('GET', FILE, { token })).body.equals(fits), 'what is there stays');
});
