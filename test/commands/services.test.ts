/**
 * `latchkey authorizer` and `latchkey files` by themselves: on a socket, on TCP, several at once; what they refuse;
 * and that an ordinary user can run all of it.
 */

import { chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import t from 'tap';
import { accountNamed } from '../../src/host/account.js';
import { freePort } from '../nginx/free-port.js';
import {
  exchange,
  LATCHKEY,
  plainEnvironment,
  requestBytes,
  tokenFor,
  until,
} from '../nginx/running-site.js';
import { familyOf, isAlive, userOf } from './processes.js';
import { desk, latchkey, ownFolder, start } from './program.js';

const MODE_SET_MS = 5_000;
const QUESTION = '/authorize/files/users/alice/x';

function statusOf(where: { socketPath: string } | { host: string; port: number }, token?: string) {
  return new Promise<number | undefined>((resolve, reject) => {
    const headers = {
      'x-latchkey-method': 'GET',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    request({ ...where, path: QUESTION, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode));
    })
      .once('error', reject)
      .end();
  });
}

t.test('the authorizer answers on TCP, by a name, or for this machine alone', async (t) => {
  const { dataFolder } = await desk(t);
  const port = await freePort();
  for (const address of [`localhost:${port}`, `:${port}`]) {
    const words = ['authorizer', '--listen', address, '--data', dataFolder];
    const env = plainEnvironment({});
    const running = await start(t, [LATCHKEY.file, ...LATCHKEY.args, ...words], /Server listening/, { env });
    const host = address.startsWith(':') ? '127.0.0.1' : 'localhost';
    t.equal(await statusOf({ host, port }), 401, address);
    const secret = readFileSync(`${dataFolder}/secret`, 'utf8').trim();
    t.equal(await statusOf({ host, port }, tokenFor(secret, 'alice')), 200);
    t.equal(await statusOf({ host, port }, tokenFor(secret, 'bob')), 403);
    t.equal((await running.stop()).code, 0);
  }
});

t.test('several authorizers listen on numbered sockets, and stop together', async (t) => {
  const { dataFolder, folder } = await desk(t);
  const words = ['authorizer', '--workers', '2', '--data', dataFolder];
  const env = plainEnvironment({});
  const ready = /authorizer-2\.sock/;
  const running = await start(t, [LATCHKEY.file, ...LATCHKEY.args, ...words], ready, { env, cwd: folder });
  const family = familyOf(running.pid);
  t.equal(family.length, 3);
  for (const n of [1, 2]) {
    // The other one may come later, and the mode is set behind the line in the log that we waited for.
    const socket = `${dataFolder}/run/authorizer-${n}.sock`;
    const mode = async () => (statSync(socket, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
    t.equal(await until(mode, (found) => found === 0o660, MODE_SET_MS), 0o660, 'for the owner and the group');
  }
  const again = await latchkey(['authorizer', '--data', dataFolder]);
  const told = `latchkey: another service already listens on ${dataFolder}/run/authorizer-1.sock; stop it first\n`;
  t.same([again.code, again.stdout, again.stderr], [3, '', told]);
  t.equal((await running.stop('SIGINT')).code, 0);
  t.same(family.filter(isAlive), []);
});

t.test('--listen removes nothing that is no socket', async (t) => {
  const { run, dataFolder } = await desk(t);
  const bytes = readFileSync(`${dataFolder}/latchkey.db`);
  for (const command of ['authorizer', 'files']) {
    const told = `latchkey: ${dataFolder}/latchkey.db is no socket; name another place to listen\n`;
    t.same(await run(`${command} --listen latchkey.db`), { code: 3, signal: null, stdout: '', stderr: told });
  }
  t.same(readFileSync(`${dataFolder}/latchkey.db`), bytes);
});

t.test('an address that is taken is exit 3, and said', async (t) => {
  const { dataFolder } = await desk(t);
  const port = await freePort();
  const words = ['authorizer', '--listen', `:${port}`, '--data', dataFolder];
  const command = [LATCHKEY.file, ...LATCHKEY.args, ...words] as const;
  await start(t, command, /Server listening/, { env: plainEnvironment({}) });
  const { code, stdout, stderr } = await latchkey(words);
  t.same([code, stdout], [3, '']);
  t.match(stderr, `latchkey: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`);
});

const nobody = process.getuid?.() === 0 ? accountNamed('nobody') : undefined;

t.test('an ordinary user runs all of it, as that user', { skip: nobody === undefined }, async (t) => {
  const { uid = 0, gid = 0 } = nobody ?? {};
  const folder = ownFolder(t);
  const data = `${folder}/data`;
  mkdirSync(data);
  chownSync(data, uid, gid);
  const port = await freePort();
  const as = { uid, gid, env: plainEnvironment({ LATCHKEY_DATA: data }) };
  const up = [LATCHKEY.file, ...LATCHKEY.args, 'up', '--port', String(port)] as const;
  const running = await start(t, up, /^ready http/m, as);
  t.same([...new Set(familyOf(running.pid).map(userOf))], [uid], 'nginx, too');
  t.notMatch(running.said(), /\[(?:warn|alert|emerg)\]/, 'and nginx has nothing to remark');
  const secret = readFileSync(`${data}/secret`, 'utf8').trim();
  const ask = (method: string, token: string, body?: string) =>
    exchange(
      port,
      requestBytes(method, '/files/users/alice/x', { token, ...(body !== undefined && { body }) }),
    );
  t.equal((await ask('PUT', tokenFor(secret, 'alice'), 'private')).status, 201);
  t.equal((await ask('GET', tokenFor(secret, 'alice'))).body.toString(), 'private');
  t.equal((await ask('GET', tokenFor(secret, 'bob'))).status, 403);
  t.equal(
    (await latchkey(['grant', 'user:bob', 'read', '/users/alice/x'], { env: { LATCHKEY_DATA: data } })).code,
    0,
  );
  t.equal((await ask('GET', tokenFor(secret, 'bob'))).status, 200, 'a grant by root is in force');
  for (const name of ['latchkey.db', 'secret', 'run/files.sock', 'store/files/users/alice/x']) {
    t.equal(statSync(`${data}/${name}`).uid, uid, `${name} is that user's`);
  }
  t.equal((await running.stop()).code, 0);
});

t.test(
  'a folder that is not theirs is refused to an ordinary user',
  { skip: nobody === undefined },
  async (t) => {
    const { uid = 0, gid = 0 } = nobody ?? {};
    const { dataFolder } = await desk(t);
    const as = { uid, gid, env: plainEnvironment({ LATCHKEY_DATA: dataFolder }) };
    const command = [LATCHKEY.file, ...LATCHKEY.args, 'acl', '/'] as const;
    const told = `${dataFolder} cannot be the data folder: EACCES: permission denied`;
    await t.rejects(start(t, command, /never/, as), {
      message: new RegExp(`ended with 3: latchkey: ${told}`),
    });
  },
);

t.test(
  'root drops to LATCHKEY_USER, and says so where there is none',
  { skip: nobody === undefined },
  async (t) => {
    const folder = ownFolder(t);
    const env = { LATCHKEY_USER: 'nobody', LATCHKEY_DATA: `${folder}/data` };
    t.equal((await latchkey(['token', 'alice'], { env })).code, 0);
    t.equal(statSync(`${folder}/data`).uid, nobody?.uid);
    t.equal(statSync(`${folder}/data/secret`).uid, nobody?.uid);
    const none = { LATCHKEY_USER: 'nobody-at-all', LATCHKEY_DATA: `${folder}/other` };
    const { code, stderr } = await latchkey(['token', 'alice'], { env: none });
    const told = 'latchkey: LATCHKEY_USER names nobody-at-all, and this machine has no such user\n';
    t.same([code, stderr], [3, told]);
    mkdirSync(`${folder}/locked`, { mode: 0o700 });
    const { stderr: warned } = await latchkey(['token', 'alice', '--data', `${folder}/locked/data`]);
    t.match(
      warned,
      /^latchkey: running as root: \S+ cannot enter \S+\/locked; put the data where it can, for example/,
    );
  },
);
