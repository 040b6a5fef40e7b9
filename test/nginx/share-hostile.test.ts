/** Share links and those who mean ill: no token but the right one, and no way out of the link's own folder. */

import { randomInt } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import t from 'tap';
import { keptConnection } from './running-site.js';
import { type SharedSite, sharedSite } from './shared-links.js';

const MARK = 'no byte of this';
const OPEN = 'what the link opens';
const MUTATIONS = 10_000;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** One change that leaves it a URL's segment: a letter other, missing, twice, changed with its neighbour, or the case. */
function mutated(token: string): string {
  const at = randomInt(token.length);
  const [before, letter, after] = [token.slice(0, at), token[at] ?? '', token.slice(at + 1)];
  const other = ALPHABET[randomInt(ALPHABET.length)] ?? '';
  const all = [
    before + other + after,
    before + after,
    before + letter + letter + after,
    after + before + letter,
    before + (/[a-z]/.test(letter) ? letter.toUpperCase() : letter.toLowerCase()) + after,
    token.slice(0, 12) + token.slice(12).split('').reverse().join(''),
    `${token.slice(0, -1)}${other}`,
  ];
  return all[randomInt(all.length)] ?? '';
}

const site = await sharedSite(t);
await prepare(site);

t.test(`${MUTATIONS} mutated tokens: not one is accepted`, async (t) => {
  await site.put('/team/plan.txt', OPEN);
  const links = [await site.share('/team/plan.txt'), await site.share('/team/plan.txt')];
  const tokens = links.map(({ token }) => token);
  const ask = keptConnection(t, site.port);
  const [first = '', second = ''] = tokens;
  const crossed = [first.slice(0, 12) + second.slice(12), second.slice(0, 12) + first.slice(12)];
  let accepted = 0;
  const seen = new Set<number>();
  for (let i = 0; i < MUTATIONS; i++) {
    const token = crossed[i] ?? mutated(tokens[i % 2] ?? '');
    if (tokens.includes(token)) continue;
    const { status, text } = await ask('GET', `/s/${token}/plan.txt`);
    seen.add(status);
    if (text.includes(OPEN)) accepted += 1;
  }
  t.equal(accepted, 0);
  t.same([...seen], [404]);
  for (const token of tokens)
    t.equal((await ask('GET', `/s/${token}/plan.txt`)).text, OPEN, 'the right one is');
});

t.test('a token is written in one way', async (t) => {
  await site.put('/team/plan.txt', OPEN);
  const { token } = await site.share('/team/plan.txt');
  const escaped = `%${token.charCodeAt(0).toString(16)}${token.slice(1)}`;
  // nginx resolves the escape: it is the same token, to whomever it is told.
  t.equal((await site.get(`/s/${escaped}/plan.txt`)).status, 200);
  const others = [
    `${token}=`,
    ` ${token}`,
    `%20${token}`,
    `${token}%20`,
    `${token}%0a`,
    `${token}%00`,
    `%ef%bb%bf${token}`,
    `${token};a`,
    `${token}.`,
    `${token},${token}`,
    token.toLowerCase(),
    token.toUpperCase(),
    `${token}%2f..%2f${token.slice(1)}`,
    `-${token.slice(1)}`,
    `${token.slice(0, 12)}`,
    `${token}${'A'.repeat(4_000)}`,
    'A'.repeat(7_000),
    `x%2f..%2f..%2f${token}x`,
  ];
  for (const other of others) {
    for (const prefix of ['/s/', '/_latchkey/s/']) {
      const answer = await site.raw(
        `GET ${prefix}${other}/plan.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      t.ok([400, 404].includes(answer.status), `${answer.status} ${other.slice(0, 80)}`);
      t.notMatch(answer.bytes.toString('latin1'), OPEN);
    }
  }
});

/** Below a folder's link, as a URL has it; none of it leads to what is beside the folder or above it. */
const WAYS_OUT = [
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/%2e%2e%2fsecret.txt',
  '/..%2fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/sub/../../secret.txt',
  '/sub/%2e%2e/%2e%2e/secret.txt',
  '/./../secret.txt',
  '/.%2e/secret.txt',
  '/%252e%252e/secret.txt',
  '/..;/secret.txt',
  '/..%00/secret.txt',
  '/sub%00/../../secret.txt',
  '/..%c0%af/secret.txt',
  '/%c0%ae%c0%ae/secret.txt',
  '//../secret.txt',
  '//secret.txt',
  '/sub//../../secret.txt',
  '/up/secret.txt',
  '/up',
  '/up/',
  '/link.txt',
  '/link.txt/',
  '/files/upper/secret.txt',
  '/upper/secret.txt',
  '/sub/..',
  '/..',
  '/../',
  '/../../',
  '/%2e%2e/',
  '/%2E%2E',
  '/.',
  '/%2e',
  '/secret.txt',
  '/sub/secret.txt',
  '/in.txt/../../secret.txt',
  '/../team2/in.txt',
  '/../team',
  '/%2e%2e%2fteam%2fin.txt',
  '/\u0000secret.txt',
  '/%0d%0aX: y',
  '/secret.txt%20',
  '/in.txt%2f',
  '/in.txt%00.pdf',
  '/in.txt%0a',
  '/in.txt\t',
  '/%80',
  `/${'a'.repeat(256)}`,
  `/${'a/'.repeat(2_000)}x`,
  `/${'%e5%bc%a0'.repeat(600)}`,
];

t.test('above the root of a folder’s link nothing is reachable, and nothing is named', async (t) => {
  const link = await site.share('/upper/team/');
  t.equal((await site.get(`${link.url}/in.txt`)).body.toString(), OPEN);
  const forwards = [
    'X-Accel-Redirect: /_latchkey/serve-link/files/upper/secret.txt',
    'X-Original-URL: /files/upper/secret.txt',
    'X-Latchkey-Request-Uri: /files/x',
    'X-Latchkey-Address: 10.0.0.1',
  ];
  for (const below of WAYS_OUT) {
    for (const prefix of ['', '/_latchkey']) {
      const target = `${prefix}${link.url}${below}`;
      const answer = await site.raw(
        `GET ${target} HTTP/1.1\r\nHost: a\r\n${forwards.join('\r\n')}\r\nConnection: close\r\n\r\n`,
      );
      const text = answer.bytes.toString('latin1');
      t.notMatch(text, MARK, below);
      t.notMatch(text, /\bupper\b|team2/, below);
      // Where dot segments end within the link, its own answers are right: a redirect, or the folder's page.
      t.ok([200, 302, 400, 404, 414].includes(answer.status), `${answer.status} ${below.slice(0, 80)}`);
      if (answer.status === 200) t.match(text, /<b>team<\/b>|<b>sub<\/b>/, below);
    }
  }
});

t.test('nor does a link to a file open another one', async (t) => {
  const link = await site.share('/upper/team/in.txt');
  for (const below of WAYS_OUT) {
    const answer = await site.raw(`GET ${link.url}${below} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    t.notMatch(answer.bytes.toString('latin1'), MARK, below);
    t.notMatch(answer.bytes.toString('latin1'), /\bupper\b|team2/, below);
    t.ok([302, 400, 404, 414].includes(answer.status), `${answer.status} ${below.slice(0, 80)}`);
  }
});

t.test('the locations that links lead to are nginx’s own', async (t) => {
  for (const target of [
    '/_latchkey/serve-link/files/upper/secret.txt',
    '/_latchkey/serve/files/upper/secret.txt',
  ]) {
    const answer = await site.get(target);
    t.same([answer.status, answer.body.includes(MARK)], [404, false], target);
  }
});

async function prepare(site: SharedSite): Promise<void> {
  for (const name of ['in.txt', 'sub/in.txt']) await site.put(`/upper/team/${name}`, OPEN);
  await site.put('/upper/secret.txt', MARK);
  await site.put('/upper/team2/in.txt', MARK);
  const files = `${site.dataFolder}/store/files/upper`;
  mkdirSync(`${files}/team/empty`);
  symlinkSync(`${files}/secret.txt`, `${files}/team/link.txt`);
  symlinkSync(files, `${files}/team/up`);
}
