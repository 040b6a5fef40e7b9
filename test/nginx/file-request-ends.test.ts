/**
 * Who may not send to a file request any more, or not yet: after a revoke, without the maker's standing, without the
 * password, or when it is for somebody else. What comes in while the link ends is never there, and a killed service
 * loses no count.
 */

import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { hashPassword, passwordMark } from '../../src/links/password.js';
import { Tickets } from '../../src/links/ticket.js';
import { principal } from '../acl/given.js';
import { childrenOf } from '../commands/processes.js';
import { FORM_HEADERS, form } from '../http/asking-files.js';
import { partialsIn } from '../uploads/given.js';
import { until } from './running-site.js';
import { cookiesOf, type MadeLink, sharedSite } from './shared-links.js';

const UPLOAD = { kind: 'upload' } as const;
const PASSWORD = 'correct horse';
const BACK_MS = 30_000;
/** In which two uploads have begun. */
const BEGUN_S = 5;
const TAKEN = { status: 201 };

const LINK_SECRET = 'the-secret-of-the-links-of-the-tests:32-bytes';

const site = await sharedSite(t, {
  LATCHKEY_TOKEN_COOKIE: 'token',
  LATCHKEY_LINK_SECRET: `k1 ${LINK_SECRET}`,
});
const inFolder = (name: string) => {
  const folder = `${site.dataFolder}/store/files/${name}`;
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
const partials = () => partialsIn(site.dataFolder);
const uploads = ({ id }: MadeLink) => site.store.linkCounts.uploads(id);
const put = (link: MadeLink, name: string, headers = {}) =>
  site.ask('PUT', `${link.url}/${name}`, { headers, body: 'x' });
const post = (link: MadeLink, headers = {}) =>
  site.ask('POST', `${link.url}/`, {
    headers: { ...FORM_HEADERS, ...headers },
    body: form({ name: 'f', filename: 'a', text: 'x' }),
  });

/** An upload whose second half waits until it is asked for. What is answered then, as it came. */
async function halfSent(t: Test, link: MadeLink, headers = ''): Promise<() => Promise<string>> {
  const before = partials().length;
  const socket = connect(site.port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(
    `PUT ${link.url}/half HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}Content-Length: 10\r\n\r\n12345`,
  );
  const isThere = async () => partials().length;
  await until(isThere, (count) => count > before, BACK_MS);
  return async () => {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    socket.write('67890');
    await once(socket, 'close');
    return text;
  };
}

t.test('a revoke holds for an upload that is under way', async (t) => {
  const link = await site.share('/revoked/', { contact: 'ann@example.org' }, UPLOAD);
  const other = await site.share('/revoked/', {}, UPLOAD);
  const [finish, finishOther] = [await halfSent(t, link), await halfSent(t, other)];
  t.strictSame(inFolder('revoked'), [], 'nothing of it is seen before');
  await site.store.shareLinks.revokeLink(link.id, Date.now());
  const answer = await finish();
  t.match(answer, /^HTTP\/1\.1 410 /);
  t.match(answer, /ann@example\.org/);
  t.strictSame([inFolder('revoked'), await uploads(link)], [[], 0]);
  t.match(await finishOther(), /^HTTP\/1\.1 201 /, 'and for no other');
  t.strictSame([inFolder('revoked'), partials()], [['half'], []]);
  t.equal((await put(link, 'late')).status, 410);
});

t.test('it ends with what its maker may', async (t) => {
  const grant = async (words: string) => {
    const { code, stderr } = await site.cli('grant', ...words.split(' '));
    if (code !== 0) throw new Error(stderr);
  };
  await grant('user:alice manage /alices/');
  const authority = { maker: principal('user:alice'), makerGroups: [], grantId: undefined };
  const link = await site.share('/alices/', {}, { ...UPLOAD, authority });
  t.match(await put(link, 'a'), TAKEN);
  await grant('user:alice write /alices/private --deny');
  const elsewhere = await put(link, 'private');
  t.match(
    JSON.parse(elsewhere.body.toString()),
    { files: [{ name: 'private (2)' }] },
    'a name that is denied',
  );
  const finish = await halfSent(t, link);
  await site.cli('suspend', 'user:alice');
  t.match(await finish(), /^HTTP\/1\.1 410 /);
  t.equal((await put(link, 'b')).status, 410);
  await site.cli('resume', 'user:alice');
  t.match(await put(link, 'b'), TAKEN);
  await site.cli('revoke', 'user:alice', '/alices/');
  t.equal((await put(link, 'c')).status, 410);
  t.strictSame(inFolder('alices'), ['a', 'b', 'private (2)']);
});

t.test('with a password it takes files from whoever has given it, on our own page', async (t) => {
  const terms = { passwordHash: await hashPassword(PASSWORD) };
  const link = await site.share('/locked/', terms, UPLOAD);
  for (const answer of [await put(link, 'a'), await post(link), await site.get(`${link.url}/`)]) {
    t.equal(answer.status, 401);
  }
  const wrong = await site.post(`${link.url}/`, { password: 'wrong' }, { Accept: 'text/html' });
  t.equal(wrong.status, 401);
  const opened = await site.post(`${link.url}/`, { password: PASSWORD });
  t.equal(opened.status, 303);
  const Cookie = cookiesOf(opened);
  t.match(
    (await site.get(`${link.url}/`, { Cookie, Accept: 'text/html' })).body.toString(),
    /<h1>Send files/,
  );
  t.match(await put(link, 'a', { Cookie }), TAKEN);
  t.match(await post(link, { Cookie, 'Sec-Fetch-Site': 'same-origin' }), TAKEN);
  t.equal((await post(link, { Cookie, 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  t.equal((await post(link, { Cookie, Origin: 'https://evil.example' })).status, 403);
  const finish = await halfSent(t, link, `Cookie: ${Cookie}\r\n`);
  const changed = (await site.store.shareLinks.link(link.id))?.terms;
  if (changed === undefined) throw new Error('the link is not there');
  const passwordHash = await hashPassword('other');
  await site.store.shareLinks.changeLink(link.id, () => ({ ...changed, passwordHash }));
  t.match(await finish(), /^HTTP\/1\.1 401 /, 'a changed password holds for an upload under way');
  t.strictSame(inFolder('locked'), ['a', 'a (2)']);
  t.equal(await uploads(link), 2);
});

t.test('for certain people, it takes files from them alone, and by their own doing', async (t) => {
  const link = await site.share('/for-bob/', { recipients: [principal('user:bob')] }, UPLOAD);
  const bob = site.token('bob');
  t.equal((await put(link, 'a')).status, 401);
  t.equal((await put(link, 'a', { Authorization: `Bearer ${site.token('eve')}` })).status, 403);
  t.match(await put(link, 'a', { Authorization: `Bearer ${bob}` }), TAKEN);
  t.match(await post(link, { Cookie: `token=${bob}`, 'Sec-Fetch-Site': 'same-origin' }), TAKEN);
  t.equal((await post(link, { Cookie: `token=${bob}`, 'Sec-Fetch-Site': 'cross-site' })).status, 403);
  const finish = await halfSent(t, link, `Authorization: Bearer ${bob}\r\n`);
  await site.cli('suspend', 'user:bob');
  t.match(await finish(), /^HTTP\/1\.1 40[13] /);
  t.strictSame(inFolder('for-bob'), ['a', 'a (2)']);
});

t.test(
  'who was let in when the upload began may finish it, though their proof has ended by then',
  async (t) => {
    const passwordHash = await hashPassword(PASSWORD);
    const locked = await site.share('/slow/', { passwordHash }, UPLOAD);
    const forAnn = await site.share('/slow/', { recipients: [principal('user:ann')] }, UPLOAD);
    const soon = Math.floor(Date.now() / 1000) + BEGUN_S;
    const ticket = new Tickets([{ id: 'k1', secret: LINK_SECRET }]).issue({
      purpose: 'password',
      linkId: locked.id,
      value: passwordMark(passwordHash),
      expiresAt: soon * 1000,
    });
    const proofs: readonly (readonly [MadeLink, string, string])[] = [
      [locked, 'Cookie', `latchkey-password=${ticket}`],
      [forAnn, 'Authorization', `Bearer ${site.token('ann', { exp: soon })}`],
    ];
    const finishing = [];
    for (const [link, name, proof] of proofs)
      finishing.push(await halfSent(t, link, `${name}: ${proof}\r\n`));
    for (const [link, name, proof] of proofs) {
      const page = () => site.get(`${link.url}/?format=json`, { [name]: proof });
      await until(page, ({ status }) => status === 401, BACK_MS);
    }
    for (const finish of finishing) t.match(await finish(), /^HTTP\/1\.1 201 /);
    t.strictSame(inFolder('slow'), ['half', 'half (2)']);
  },
);

t.test('before its time and from elsewhere it takes nothing', async (t) => {
  const early = await site.share('/early/', { notBefore: Date.now() + 3_600_000 }, UPLOAD);
  const elsewhere = await site.share('/early/', { addresses: ['192.0.2.0/24'] }, UPLOAD);
  const expired = await site.share('/early/', { expiresAt: Date.now() - 1 }, UPLOAD);
  for (const [link, status] of [
    [early, 403],
    [elsewhere, 403],
    [expired, 410],
  ] as const) {
    t.strictSame([(await put(link, 'a')).status, (await post(link)).status], [status, status]);
  }
  t.strictSame(inFolder('early'), []);
});

t.test('kill -9 in the middle of an upload leaves nothing, and the place is free', async (t) => {
  const upload = { filesMax: 1, bytesMax: undefined, endings: [] };
  const link = await site.share('/killed/', { upload }, UPLOAD);
  await halfSent(t, link);
  const service = childrenOf(site.process.pid ?? 0).find(({ words }) => words.includes('files'));
  if (service === undefined) throw new Error('there is no files service');
  process.kill(service.pid, 'SIGKILL');
  await until(
    () => site.get(`${link.url}/?format=json`),
    ({ status }) => status === 200,
    BACK_MS,
  );
  t.strictSame([inFolder('killed'), partials(), await uploads(link)], [[], [], 0]);
  t.match(await put(link, 'a'), TAKEN);
  t.equal((await put(link, 'b')).status, 410);
  t.strictSame([inFolder('killed'), await uploads(link)], [['a'], 1]);
});
