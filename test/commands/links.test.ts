/**
 * `latchkey link create`, `list`, `show`, `change` and `revoke`: what each prints, that the token is shown once and
 * kept nowhere, and what is refused. What links open is tested through nginx.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import t, { type Test } from 'tap';
import { readShareToken } from '../../src/links/share-token.js';
import { type Desk, desk } from './program.js';

const DAY_MS = 24 * 60 * 60 * 1000;

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly path: string;
  readonly stale?: string;
  readonly expiresAt: string;
  readonly createdAt: string;
  readonly [name: string]: unknown;
}

/** A desk with the file /team/plan.pdf, and a link to it. */
async function withLink(t: Test, words = '') {
  const at = await desk(t);
  put(at, '/team/plan.pdf');
  const made = (await at.json(`link create /team/plan.pdf${words}`)) as Listed & { url: string };
  return { ...at, made, list: async (more = '') => listed(at, more) };
}

function put({ dataFolder }: Desk, path: string): void {
  const file = `${dataFolder}/store/files${path}`;
  mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  writeFileSync(file, 'x');
}

async function listed(at: Desk, more = ''): Promise<readonly Listed[]> {
  return ((await at.json(`link list${more}`)) as { links: Listed[] }).links;
}

function tokenIn(url: string): string {
  return url.split('/')[2] ?? '';
}

/** As time and downloads would leave it. */
function sql({ dataFolder }: Desk, text: string): void {
  const db = new SQLite(`${dataFolder}/latchkey.db`);
  db.exec(text);
  db.close();
}

/** So many more links as the first one. */
function fill(at: Desk, count: number): void {
  sql(
    at,
    `INSERT INTO share_links
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     SELECT 'n' || i, hash, kind, path, maker, maker_groups, grant_id, terms, expires_at, revoked_at, created_at,
       last_used_at, downloads, uploads FROM share_links, n`,
  );
}

t.test('create prints the URL and nothing else, and says on standard error what it is', async (t) => {
  const at = await desk(t);
  put(at, '/team/a b.pdf');
  const { code, stdout, stderr } = await at.run(['link', 'create', '/team/a b.pdf', '--for', '2d']);
  t.equal(code, 0);
  t.match(stdout, /^\/s\/[\w-]{44}\/a%20b\.pdf\n$/);
  const { id } = readShareToken(tokenIn(stdout)) ?? {};
  t.match(
    stderr,
    new RegExp(
      `^latchkey: link ${id}: read /team/a b\\.pdf until [\\dT:.-]+Z; its URL is shown this once\n$`,
    ),
  );
});

t.test('URLs are whole where the site is known, and have the prefix that is set', async (t) => {
  const at = await desk(t, {
    LATCHKEY_PUBLIC_URL: 'https://files.example',
    LATCHKEY_LINK_PREFIX: '/_latchkey/s/',
  });
  const { stdout } = await at.run('link create /team/');
  t.match(stdout, /^https:\/\/files\.example\/_latchkey\/s\/[\w-]{44}\/\n$/);
});

t.test('create with --json says all of it, on standard output alone', async (t) => {
  const at = await desk(t);
  put(at, '/team/plan.pdf');
  const words =
    'link create /team/plan.pdf --from 2000-01-01 --recipient user:ann --recipient group:eng --address 10.0.0.0/8 --downloads 3 --rate 2m --inline --note nightly --contact ann@example.org --json';
  const { stdout, stderr } = await at.run(words);
  t.equal(stderr, '');
  const { url, id, createdAt, expiresAt, ...rest } = JSON.parse(stdout);
  t.equal(readShareToken(tokenIn(url))?.id, id);
  t.equal(Date.parse(expiresAt) - Date.parse(createdAt), 7 * DAY_MS, 'the default');
  t.same(rest, {
    kind: 'read',
    path: '/team/plan.pdf',
    state: 'open',
    notBefore: '2000-01-01T00:00:00.000Z',
    hasPassword: false,
    recipients: ['user:ann', 'group:eng'],
    addresses: ['10.0.0.0/8'],
    disposition: 'inline',
    rateMax: 2_097_152,
    downloadsMax: 3,
    downloads: 0,
    note: 'nightly',
    contact: 'ann@example.org',
    revision: 1,
  });
});

t.test('a link that takes uploads has their limits, and none of downloads', async (t) => {
  const at = await desk(t);
  put(at, '/in/x');
  const link = (await at.json(
    'link create /in/ --upload --files 5 --bytes 10m --ending .PDF --ending .zip --files-expire 30d --until 9999-01-01T00:00Z',
    { env: { LATCHKEY_LINK_LIFETIME_MAX: '520000w' } },
  )) as Listed;
  const { id: _, url: _u, createdAt: _c, ...rest } = link;
  t.same(rest, {
    kind: 'upload',
    path: '/in/',
    state: 'open',
    expiresAt: '9999-01-01T00:00:00.000Z',
    hasPassword: false,
    recipients: [],
    addresses: [],
    filesMax: 5,
    bytesMax: 10_485_760,
    endings: ['.pdf', '.zip'],
    filesExpireSeconds: 2_592_000,
    uploads: 0,
    note: '',
    contact: '',
    revision: 1,
  });
});

t.test('the password comes from a file or from standard input, and is kept nowhere', async (t) => {
  const at = await desk(t);
  put(at, '/a');
  writeFileSync(`${at.folder}/word`, 'correct horse\r\n');
  const fromFile = await at.run('link create /a --password-file word');
  t.equal(fromFile.code, 0);
  const piped = await at.run('link create /a --password-file -', { stdin: 'battery staple\n' });
  t.equal(piped.code, 0);
  for (const link of await listed(at)) t.equal(link.hasPassword, true);
  for (const file of readdirSync(at.dataFolder, { withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = readFileSync(`${at.dataFolder}/${file.name}`, 'latin1');
    for (const said of ['correct horse', 'battery staple', tokenIn(fromFile.stdout), tokenIn(piped.stdout)]) {
      t.notOk(bytes.includes(said), `not in ${file.name}`);
    }
  }
});

t.test('create says when there is nothing at the path, or a folder where a file is named', async (t) => {
  const at = await desk(t);
  put(at, '/team/plan.pdf');
  const said = async (path: string) => (await at.run(`link create ${path}`)).stderr.split('\n').slice(1, -1);
  t.same(await said('/team'), ['latchkey: /team is a folder: did you mean /team/ ?']);
  t.same(await said('/team/other.pdf'), [
    'latchkey: there is no file /team/other.pdf: the link opens nothing until there is',
  ]);
  t.same(await said('/other/'), [
    'latchkey: there is no folder /other/: the link opens nothing until there is',
  ]);
  t.same(await said('/other/ --upload'), [], 'an upload makes its folder');
  t.same(await said('/team/'), []);
  t.same(await said('/'), []);
});

t.test('list has every link that counts but no token, and finds them by path and maker', async (t) => {
  const at = await withLink(t, ' --note plan');
  await at.run('link create /team/ --for 1h');
  await at.run('link create /other/x');
  sql(at, "UPDATE share_links SET maker = 'user:ann' WHERE path = '/other/x'");
  const lines = (await at.run('link list')).stdout.split('\n');
  t.match(lines[0], /^id +state +for +path +by +ends +last used +count +note$/);
  t.equal(lines.length, 5);
  t.ok(lines.some((line) => /open +read +\/team\/plan\.pdf +operator +\S+Z +never +plan$/.test(line)));
  t.ok(lines.some((line) => /authority-ended +read +\/other\/x +user:ann/.test(line)));
  const paths = async (more: string) => (await at.list(more)).map(({ path }) => path).sort();
  t.same(await paths(''), ['/other/x', '/team/', '/team/plan.pdf']);
  t.same(await paths(' --path /team/'), ['/team/', '/team/plan.pdf']);
  t.same(await paths(' --path /team/plan.pdf'), ['/team/plan.pdf']);
  t.same(await paths(' --by ann'), ['/other/x']);
  t.same(await paths(' --by user:eve'), []);
  t.equal((await at.run('link list --by eve')).stdout, 'There is no such link.\n');
});

t.test('more links than are read at once are all listed', async (t) => {
  const at = await withLink(t);
  fill(at, 2_100);
  t.equal((await at.list()).length, 2101);
});

t.test('a list that is too long for one text is cut, and says where to go on', async (t) => {
  const at = await withLink(t);
  fill(at, 12_000);
  const first = (await at.json('link list')) as { links: Listed[]; next: string };
  t.equal(first.links.length, 10_000);
  t.equal(first.links.at(-1)?.id, first.next);
  const { stdout, stderr } = await at.run(`link list --after ${first.next}`);
  t.equal(stdout.split('\n').length - 2, 2_001);
  t.equal(stderr, '');
  const cut = await at.run('link list');
  t.equal(cut.stderr, `latchkey: there may be more; go on with --after ${first.next}\n`);
});

t.test('list leaves out what is over, and --all does not', async (t) => {
  const at = await withLink(t);
  const { id } = at.made;
  await at.run(`link revoke ${id}`);
  await at.run('link create /team/plan.pdf --note over');
  sql(
    at,
    `UPDATE share_links SET expires_at = 1, terms = json_set(terms, '$.expiresAt', 1)
     WHERE json_extract(terms, '$.note') = 'over'`,
  );
  t.same(await at.list(), []);
  t.same((await at.list(' --all')).map(({ state }) => state).sort(), ['expired', 'revoked']);
});

t.test('list --stale has what is of no use and was not revoked, each with why', async (t) => {
  const at = await desk(t);
  put(at, '/f');
  const make = async (name: string, path: string, ...changes: string[]) => {
    const { id } = (await at.json(`link create ${path} --downloads 2 --note ${name}`)) as Listed;
    for (const change of changes) sql(at, `UPDATE share_links SET ${change} WHERE id = '${id}'`);
    return id;
  };
  const long = Date.now() - 91 * DAY_MS;
  const old = `created_at = ${long}`;
  await make('in-use', '/f');
  await make('old-in-use', '/f', old, `last_used_at = ${Date.now() - DAY_MS}`);
  await make('begins-late', '/f', old, `terms = json_set(terms, '$.notBefore', ${Date.now() - DAY_MS})`);
  await make('unused', '/f', old, `last_used_at = ${long}`);
  await make('never-used', '/f', old);
  await make('missing', '/gone');
  await make('takes-uploads', '/gone/', "kind = 'upload'");
  await make('exhausted', '/f', 'downloads = 2');
  await make('expired', '/f', "expires_at = 1, terms = json_set(terms, '$.expiresAt', 1)");
  await make('orphan', '/f', "maker = 'user:ann'");
  await at.run(`link revoke ${await make('revoked', '/gone')}`);
  const found = Object.fromEntries((await listed(at, ' --stale')).map(({ note, stale }) => [note, stale]));
  t.same(found, {
    unused: 'unused',
    'never-used': 'unused',
    missing: 'missing',
    exhausted: 'exhausted',
    expired: 'expired',
    orphan: 'authority-ended',
  });
  t.match((await at.run('link list --stale')).stdout, /unused +read +\/f/);
});

t.test('show has all of a link, by its id or by a URL that somebody found', async (t) => {
  const at = await withLink(t, ' --downloads 3 --recipient user:ann --rate 1m --contact Ann');
  const { id, url, createdAt, expiresAt } = at.made;
  const lines = [
    `id          ${id}`,
    'state       open',
    'for         read',
    'path        /team/plan.pdf',
    'by          operator',
    `made        ${createdAt}`,
    `ends        ${expiresAt}`,
    'last used   never',
    'password    no',
    'recipients  user:ann',
    'downloads   0/3',
    'rate        1048576 bytes a second',
    'shown       attachment',
    'contact     Ann',
  ];
  for (const word of [id, tokenIn(url), url, `https://files.example${url}?x=1#y`]) {
    t.equal((await at.run(['link', 'show', word])).stdout, `${lines.join('\n')}\n`);
  }
  const { url: _, revision: _r, ...json } = at.made;
  t.same(await at.json(`link show ${id}`), json);
});

t.test('change gives other terms to the same link, and takes terms away', async (t) => {
  const at = await withLink(t, ' --downloads 3 --address ::1 --inline --note old --from 2000-01-01');
  const { id } = at.made;
  const { code, stdout, stderr } = await at.run(`link change ${id} --for 30d --note new`);
  t.same([code, stdout, stderr], [0, `changed: link ${id} of /team/plan.pdf\n`, '']);
  t.match(await at.json(`link show ${id}`), { note: 'new', downloadsMax: 3, addresses: ['::1'] });
  const bare = (await at.json([
    ...['link', 'change', at.made.url, '--no-downloads', '--no-addresses', '--attachment', '--no-from'],
    ...['--no-password', '--no-recipients', '--no-rate', '--note', ''],
  ])) as Listed;
  const { createdAt, expiresAt, ...rest } = bare;
  t.ok(Date.parse(expiresAt) - Date.parse(createdAt) >= 30 * DAY_MS);
  t.same(rest, {
    id,
    kind: 'read',
    path: '/team/plan.pdf',
    state: 'open',
    hasPassword: false,
    recipients: [],
    addresses: [],
    disposition: 'attachment',
    note: '',
    contact: '',
    revision: 3,
  });
});

t.test('revoke ends links for good, all that are named or none', async (t) => {
  const at = await withLink(t);
  const other = ((await at.json('link create /team/')) as Listed).id;
  const { id, url } = at.made;
  const none = await at.run(`link revoke ${id} none`);
  t.same(
    [none.code, none.stdout, none.stderr],
    [1, '', "latchkey: there is no link 'none'; latchkey link list --all has the ids\n"],
  );
  t.equal((await at.list()).length, 2);
  const both = await at.run(['link', 'revoke', url, other]);
  t.same([both.code, both.stderr], [0, '']);
  t.equal(both.stdout, `revoked: link ${id} of /team/plan.pdf\nrevoked: link ${other} of /team/\n`);
  t.same(await at.list(), []);
  const again = await at.run(`link revoke ${id}`);
  t.same([again.code, again.stdout], [0, `revoked before: link ${id} of /team/plan.pdf\n`]);
  const changed = await at.run(`link change ${id} --note x`);
  const gone = `latchkey: the link ${id} is revoked, for good; make a new one with latchkey link create\n`;
  t.same([changed.code, changed.stdout, changed.stderr], [1, '', gone]);
});

const TRY = 'Try: latchkey link --help\n';

const WRONG: readonly (readonly [string, string])[] = [
  ['frobnicate', "link takes create, list, show, change, revoke, sign, not 'frobnicate'"],
  ['create', 'the usage is: latchkey link create PATH [--upload] [OPTION]…'],
  ['create /a /b', 'the usage is: latchkey link create PATH [--upload] [OPTION]…'],
  ['create team', "'team' is no resource path: it does not begin with /"],
  ['create /a --for 7', "--for takes a duration such as 90s, 30m, 48h, 7d, 2w, not '7'"],
  ['create /a --for 1h --until 2030-01-01', '--for and --until exclude each other'],
  ['create /a --until 2000-01-01', 'the link would have ended already; to end one, revoke it'],
  ['create /a --downloads many', "--downloads takes a whole number, not 'many'"],
  ['create /a --downloads 0', 'the limit of downloads is a whole number from 1 to 1000000, not 0'],
  ['create /a --rate fast', "--rate takes a size such as 64m or 10g, not 'fast'"],
  ['create /a --upload', 'a link that takes uploads is for a folder, such as /a/, not for a file'],
  [
    'create /a --files 3',
    'limits of files, their bytes, their endings and their time are for links that take uploads',
  ],
  [
    'create /in/ --upload --downloads 1',
    'a link that takes uploads gives no downloads: leave out what limits those',
  ],
  ['create /a --recipient ann', "a recipient is user:NAME, group:NAME, authenticated or anyone, not 'ann'"],
  [
    'create /a --address everywhere',
    "an address is one such as 192.0.2.7, or a range such as 10.0.0.0/8 or fd00::/8, not 'everywhere'",
  ],
  [
    'create /a --password-file none',
    "--password-file none cannot be read: ENOENT: no such file or directory, open 'none'",
  ],
  ['create /a --password-file -', 'this cannot be a password: it has fewer than 8 characters'],
  ['create /a --no-password', 'link create takes no --no-password'],
  ['create /a --stale', 'link create takes no --stale'],
  ['list --note x', 'link list takes no --note'],
  ['list --stale --all', '--stale and --all exclude each other'],
  [
    'list /team/',
    'the usage is: latchkey link list [--path PATH] [--by USER] [--after ID] [--stale | --all]',
  ],
  ['show', 'the usage is: latchkey link show ID|URL'],
  ['show a --all', 'link show takes no --all'],
  ['change a', 'name what is to be changed, such as --for 7d'],
  ['change a --downloads 1 --no-downloads', '--downloads and --no-downloads exclude each other'],
  ['change a --recipient user:a --no-recipients', '--recipient and --no-recipients exclude each other'],
  ['change a --inline --attachment', '--inline and --attachment exclude each other'],
  ['revoke a --for 1h', 'link revoke takes no --for'],
  ['sign /a --downloads 1', 'link sign takes no --downloads'],
];

t.test('what is wrong is said in one line, and nothing is made', async (t) => {
  const at = await desk(t);
  for (const [words, message] of WRONG) {
    const { code, stdout, stderr } = await at.run(`link ${words}`);
    t.same([code, stdout, stderr], [2, '', `latchkey: ${message}\n${TRY}`], words);
  }
  t.same(await listed(at, ' --all'), []);
});

t.test('a link longer than may be is refused with the setting that says so', async (t) => {
  const at = await desk(t, { LATCHKEY_LINK_LIFETIME: '1d', LATCHKEY_LINK_LIFETIME_MAX: '2d' });
  const { expiresAt, createdAt } = (await at.json('link create /a')) as Listed;
  t.equal(Date.parse(expiresAt) - Date.parse(createdAt), DAY_MS);
  t.equal((await at.run('link create /a --for 2d')).code, 0);
  const { code, stdout, stderr } = await at.run('link create /a --for 3d');
  t.same([code, stdout], [2, '']);
  t.match(
    stderr,
    /^latchkey: the link may live until \S+Z and no longer \(LATCHKEY_LINK_LIFETIME_MAX\)\nTry: latchkey link --help\n$/,
  );
});

t.test('what is not there is refused, without the token that was given', async (t) => {
  const at = await withLink(t);
  const { stdout } = await at.run('link create /team/');
  const url = stdout.trim();
  sql(at, 'DELETE FROM share_links');
  const id = readShareToken(tokenIn(url))?.id;
  for (const words of ['show', 'revoke', 'change --note x']) {
    const [verb = '', ...options] = words.split(' ');
    const { code, stdout, stderr } = await at.run(['link', verb, url, ...options]);
    const said = `latchkey: there is no link '${id}'; latchkey link list --all has the ids\n`;
    t.same([code, stdout, stderr], [1, '', said], words);
  }
  const token = tokenIn(url);
  // Copied with the full stop of its sentence, or short of a letter.
  for (const nearly of [`https://files.example${url}`, `/s/${token}.`, `${token}.`, token.slice(0, -1)]) {
    const { code, stderr } = await at.run(['link', 'revoke', nearly.replace(/\/$/, '.')]);
    t.match([code, stderr], [1, /^latchkey: there is no link '.*'; /], nearly);
    t.notMatch(stderr, token.slice(12, 24), 'a token that is not quite one is not told, either');
  }
});
