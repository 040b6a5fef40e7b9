/**
 * What a site may answer about a session, and what is made of it: somebody, nobody, or not known. Not knowing is
 * never a refusal and never somebody without a name; nothing stays open behind it.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import type { ClaimNames } from '../../src/credentials/claims.js';
import { says } from './asked-site.js';
import { sessionScene } from './session-scene.js';

const FIELDS: ClaimNames = { user: 'user', groups: 'groups', userPrefix: '', groupPrefix: '' };
/** For answers that do not come. */
const TIMEOUT_MS = 500;

t.test('the user and the groups are where the settings say', async (t) => {
  const cases: readonly (readonly [Partial<ClaimNames>, answer: unknown, who: string])[] = [
    [{}, { user: 'alice' }, 'user:alice'],
    [{}, { user: 'alice', groups: ['eng', 'ops'] }, 'user:alice group:eng group:ops'],
    [{}, { user: 'alice', groups: 'eng' }, 'user:alice group:eng'],
    [{}, { user: 'alice', groups: null }, 'user:alice'],
    [{}, { user: 'alice', groups: ['eng', '', 7, null, 'eng', 'a\nb'] }, 'user:alice group:eng'],
    [{}, { user: 42 }, 'user:42'],
    [{}, { user: '张 伟' }, 'user:张 伟'],
    [{ user: 'id' }, { id: 42, user: 'no' }, 'user:42'],
    [{ user: 'data.user.id' }, { data: { user: { id: 42 } } }, 'user:42'],
    [{ user: 'data.user' }, { 'data.user': 'alice', data: { user: 'no' } }, 'user:alice'],
    [{ groups: 'user.roles', user: 'user.name' }, { user: { name: 'a', roles: ['x'] } }, 'user:a group:x'],
    [{ user: 'email' }, { email: 'a@example.com' }, 'user:a@example.com'],
    [{ userPrefix: 'site:', groupPrefix: 's-' }, { user: 'a', groups: ['g'] }, 'user:site:a group:s-g'],
  ];
  for (const [odd, answer, expected] of cases) {
    const { site, who } = await sessionScene(t, { fields: { ...FIELDS, ...odd } });
    site.answer = says(answer);
    t.equal(await who('sid=1'), expected, JSON.stringify(answer));
  }
});

t.test('401, 403 and a null for the user are nobody, whatever else they say', async (t) => {
  const { site, who } = await sessionScene(t, { fields: { ...FIELDS, user: 'user.name' } });
  const cases = [
    ['401', says('', 401), 'invalid'],
    ['403', says('<h1>Forbidden</h1>', 403), 'invalid'],
    ['401 with a user', says({ user: { name: 'alice' } }, 401), 'invalid'],
    ['401 with a long page', says('x'.repeat(1_000_000), 401), 'invalid'],
    ['null', says({ user: { name: null } }), 'absent'],
    ['null on the way', says({ user: null }), 'absent'],
  ] as const;
  for (const [name, answer, expected] of cases) {
    site.answer = answer;
    t.equal(await who(`sid=${name}`), expected, name);
  }
});

t.test('everything else is not known, and says why', async (t) => {
  const patient = await sessionScene(t);
  const short = await sessionScene(t, { timeoutMs: TIMEOUT_MS });
  const html = { 'content-type': 'text/html' };
  const cases: readonly (readonly [name: string, answer: typeof patient.site.answer, why: RegExp])[] = [
    ['500', says({ user: 'alice' }, 500), /answered 500/],
    ['503', says('', 503), /answered 503/],
    ['404', says({ user: null }, 404), /answered 404/],
    ['429', says('', 429), /answered 429/],
    ['204', (_q, r) => void r.writeHead(204).end(), /answered 204/],
    ['201', says({ user: 'alice' }, 201), /answered 201/],
    ['302', (_q, r) => void r.writeHead(302, { location: '/login' }).end(), /answered 302/],
    ['a redirect to itself', (_q, r) => void r.writeHead(307, { location: '/whoami' }).end(), /answered 307/],
    ['HTML', (_q, r) => void r.writeHead(200, html).end('<h1>Sign in</h1>'), /no JSON/],
    ['empty', says(''), /no JSON/],
    ['half of it', says('{"user":"ali'), /no JSON/],
    ['a list', says([{ user: 'alice' }]), /without a user/],
    ['a text', says('"alice"'), /without a user/],
    ['a bare null', says('null'), /without a user/],
    ['no such field', says({ name: 'alice' }), /'user' \(LATCHKEY_SESSION_USER_FIELD\)/],
    ['an inherited field', says('{"__proto__":{"user":"alice"}}'), /without a user/],
    ['an empty name', says({ user: '' }), /without a user/],
    ['a name that is none', says({ user: 'a\nb' }), /without a user/],
    ['too long a name', says({ user: 'a'.repeat(300) }), /without a user/],
    ['true', says({ user: true }), /without a user/],
    ['a fraction', says({ user: 1.5 }), /without a user/],
    ['an object', says({ user: { name: 'alice' } }), /without a user/],
    ['too large', says({ user: 'alice', more: 'x'.repeat(64 * 1024) }), /more than 65536 bytes/],
    ['silent', () => undefined, /within 500 ms/],
    ['reset', (q) => void q.socket.resetAndDestroy(), /could not be asked/],
    ['closed', (q) => void q.socket.end(), /could not be asked/],
    ['no HTTP', (q) => void q.socket.end('hello\r\n\r\n'), /could not be asked/],
    [
      'slow in the middle',
      (_q, r) => void r.writeHead(200, { 'content-length': 16 }).write('{"user":'),
      /within 500 ms/,
    ],
    [
      'reset in the middle',
      (q, r) => {
        r.writeHead(200, { 'content-length': 16 }).write('{"user":"alice"}'.slice(0, 9));
        setImmediate(() => q.socket.resetAndDestroy());
      },
      /could not be asked/,
    ],
    [
      'cut off in the middle',
      (q, r) => {
        r.writeHead(200, { 'content-length': 99 }).write('{"user":"alice"}');
        setImmediate(() => q.socket.end());
      },
      /could not be asked/,
    ],
  ];
  for (const [name, answer, why] of cases) {
    const { site, who } = why.test('within 500 ms') ? short : patient;
    site.answer = answer;
    const seen = await who(`sid=${name.replaceAll(' ', '-')}`);
    t.match(seen, why, name);
    t.match(seen, /^not known: /, name);
  }
  const asked = patient.site.asked.length + short.site.asked.length;
  t.equal(asked, cases.length, 'each was asked once, and no redirect was followed');
});

t.test('a site that is not there is not known; what was kept goes on until its time', async (t) => {
  const { site, who, pass } = await sessionScene(t);
  t.equal(await who('sid=1'), 'user:alice');
  await site.stop();
  t.match(await who('sid=2'), /^not known: .*ECONNREFUSED/);
  pass(29_999);
  t.equal(await who('sid=1'), 'user:alice');
  pass(1);
  t.match(await who('sid=1'), /^not known: .*ECONNREFUSED/);
});

t.test('a failure is not kept, and takes nothing away that was kept', async (t) => {
  const { site, who, pass, endSession } = await sessionScene(t);
  site.answer = says('', 500);
  t.match(await who('sid=1'), /^not known/);
  site.answer = says({ user: 'alice' });
  t.equal(await who('sid=1'), 'user:alice');
  pass(1);
  await endSession('sid=1');
  pass(1);
  site.answer = says('', 500);
  t.match(await who('sid=1'), /^not known/, 'an ended session whose site fails is neither yes nor no');
});

t.test('no reason has the cookie in it', async (t) => {
  const { site, who } = await sessionScene(t);
  site.answer = says('', 500);
  t.notMatch(await who('sid=hidden'), 'hidden');
  await site.stop();
  t.notMatch(await who('sid=hidden'), 'hidden');
});

t.test('nothing stays open: no connection, no timer', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const patient = await sessionScene(t);
  const short = await sessionScene(t, { timeoutMs: TIMEOUT_MS });
  const answers: readonly (readonly [typeof patient.site.answer, who: RegExp])[] = [
    [says({ user: 'alice' }), /^user:alice/],
    [says('x'.repeat(1_000_000)), /more than/],
    [() => undefined, /within/],
    [(_q, r) => void r.write('{'), /within/],
    [(q) => void q.socket.destroy(), /could not be asked/],
    [says('x'.repeat(1_000_000), 401), /^invalid/],
  ];
  for (const [i, [answer, expected]] of answers.entries()) {
    const { site, who } = expected.test('within') ? short : patient;
    site.answer = answer;
    const seen = await Promise.all(Array.from({ length: 5 }, (_, j) => who(`sid=${i}-${j}`)));
    for (const one of seen) t.match(one, expected);
  }
  for (const { site } of [patient, short]) await site.left();
  t.equal(timers(), before);
});

t.test('a site that closes its connections as it likes is asked all the same', async (t) => {
  const server = createServer((request, response) => {
    response.end('{"user":"alice"}');
    setImmediate(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { who } = await sessionScene(t, { url });
  let failures = 0;
  for (let i = 0; i < 500; i++) if ((await who(`sid=${i}`)) !== 'user:alice') failures += 1;
  t.equal(failures, 0);
});
