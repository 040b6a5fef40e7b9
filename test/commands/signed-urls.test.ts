/**
 * `latchkey link sign` and the revokes of signed URLs: what they print, what they refuse. That the URLs open what they
 * should, and end, is in test/nginx/signed-urls.test.ts.
 */

import { mkdirSync } from 'node:fs';
import t from 'tap';
import { desk, several } from './program.js';

const TOKEN = '1\\.[\\w-]+\\.read\\.(f|d\\d+)\\.\\d+\\.\\d+\\.[\\w-]+\\.\\d+\\.[\\w-]{43}';
const TRY = 'Try: latchkey link --help\n';
const URL_OF_PLAN = new RegExp(`^/files/team/plan%20a\\.pdf\\?lk=${TOKEN}\n$`);

t.test('sign prints a URL and nothing else, as a script wants it', async (t) => {
  const { run, json } = await desk(t);
  const { code, stdout, stderr } = await run(['link', 'sign', '/team/plan a.pdf']);
  t.same([code, stderr], [0, '']);
  t.match(stdout, URL_OF_PLAN);
  const before = Math.floor(Date.now() / 1000) * 1000;
  const one = (await json('link sign /team/plan.pdf --for 90s --id abc')) as Record<string, string>;
  t.match(one, { id: 'abc', covers: '/team/plan.pdf' });
  const end = Date.parse(one.expiresAt ?? '');
  t.ok(end >= before + 90_000 && end <= Date.now() + 90_000);
  const folder = (await json('link sign /team/plan.pdf --folder /team/')) as Record<string, string>;
  t.match(folder, {
    covers: '/team/',
    cookie: /^latchkey-link=1\..*; Path=\/files\/team\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
  });
  t.match(folder.url, /\.read\.d1\./);
});

t.test('of a folder it says where the name goes, and of a forgotten slash that it is one', async (t) => {
  const { run, dataFolder } = await desk(t);
  const folder = await run('link sign /team/');
  t.match(folder.stdout, /^\/files\/team\/\?lk=/);
  t.equal(folder.stderr, 'latchkey: put the name of a file before the ?\n');
  const cookie = await run('link sign /team/ --cookie');
  t.match(cookie.stdout, /^latchkey-link=[\w.-]+; Path=\/files\/team\/;/);
  t.equal(cookie.stderr, '');
  mkdirSync(`${dataFolder}/store/files/team`, { recursive: true });
  t.equal((await run('link sign /team')).stderr, 'latchkey: /team is a folder: did you mean /team/ ?\n');
});

t.test('the generation of a path goes into what is signed after it was raised', async (t) => {
  const { run, json } = await desk(t);
  t.match(await json('link revoke --signed-path /team/plan.pdf'), { path: '/team/plan.pdf', generation: 1 });
  t.equal(
    (await run('link revoke --signed-path /team/plan.pdf')).stdout,
    'revoked: every signed URL of /team/plan.pdf; those signed with the generation 2 open it from now on\n',
  );
  t.match((await run('link sign /team/plan.pdf')).stdout, /\.2\.[\w-]{43}\n$/);
  t.match((await run('link sign /team/other.pdf')).stdout, /\.0\.[\w-]{43}\n$/);
});

t.test('a link is revoked by its id, its URL, or its token', async (t) => {
  const { run } = await desk(t);
  const url = (await run('link sign /team/plan.pdf --id abc')).stdout.trim();
  for (const one of ['abc', url, `https://files.example${url}&page=2`, url.slice(url.indexOf('lk=') + 3)]) {
    t.match(await run(['link', 'revoke', '--signed', one]), {
      code: 0,
      stdout: 'revoked: signed URLs of the id abc\n',
      stderr: '',
    });
  }
});

t.test('by a key: what it has signed until now, on a clock that is ahead, too', async (t) => {
  const { json } = await desk(t);
  const before = Date.now();
  const { countsAgainFrom } = (await json('link revoke --key k1')) as { countsAgainFrom: string };
  const from = Date.parse(countsAgainFrom);
  t.ok(from > before + 60_000 && from <= Date.now() + 62_000, countsAgainFrom);
});

t.test('what cannot be done is refused', async (t) => {
  const { run } = await desk(t);
  const table = [
    ['link sign', /^latchkey: the usage is: latchkey link sign PATH/],
    ['link sign team', /^latchkey: 'team' is no resource path: it does not begin with \/\n/],
    [
      'link sign /a --for 8d',
      'latchkey: --for 8d is longer than a signed URL may live: 604800 s (LATCHKEY_SIGNED_URL_LIFETIME_MAX)\n',
    ],
    ['link sign /a --for soon', /^latchkey: --for takes a duration/],
    ['link sign /a --id a.b', "latchkey: --id takes up to 64 letters, digits, '_' and '-', not 'a.b'\n"],
    [
      'link sign /a/b --folder /c/',
      "latchkey: --folder takes a folder above /a/b, such as /team/, not '/c/'\n",
    ],
    [
      'link sign /a/b --folder /a',
      "latchkey: --folder takes a folder above /a/b, such as /team/, not '/a'\n",
    ],
    ['link revoke --signed a.b', "latchkey: --signed takes the id of a signed URL, or the URL, not 'a.b'\n"],
    [
      `link revoke --signed /files/a?lk=1.k1.read.f.1.2.abc.0.${'s'.repeat(43)}.`,
      `latchkey: --signed takes the id of a signed URL, or the URL, not '/files/a?lk=1.k1.read.f.1.2.abc.0.${'s'.repeat(12)}….'\n`,
    ],
    ['link revoke --key a.b', "latchkey: --key takes a key's id, not 'a.b'\n"],
    ['link revoke --key a --signed b', 'latchkey: name one of --signed, --signed-path and --key\n'],
    ['link revoke --signed-path a', /^latchkey: 'a' is no resource path/],
  ] as const;
  await several(table, async ([words, message]) => {
    const { code, stdout, stderr } = await run(words);
    t.same([code, stdout], [2, ''], words);
    if (typeof message === 'string') t.equal(stderr, message + TRY, words);
    else t.match(stderr, message, words);
  });
});
