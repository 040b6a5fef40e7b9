/** The page of a folder behind a share link: what is listed, in which order, and what is not. */

import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { principal } from '../acl/given.js';
import { ODD_NAMES } from './odd-names.js';
import { NAVIGATION } from './refused.js';
import { sharedSite } from './shared-links.js';

const BYTES = '0123456789';

const site = await sharedSite(t);

t.test(
  'a folder is listed as a page and as JSON: what the link opens, and nothing of what is above',
  async (t) => {
    const files = `${site.dataFolder}/store/files`;
    for (const [name, size] of [
      ['b 10.txt', 3],
      ['b 9.txt', 2000],
      ['<i>&"\'.txt', 1],
      ['sub/in.txt', 5],
    ] as const) {
      await site.put(`/upper/team/${name}`, 'x'.repeat(size));
    }
    await site.put('/upper/secret.txt', 'secret');
    symlinkSync(`${files}/upper/secret.txt`, `${files}/upper/team/link.txt`);
    symlinkSync(`${files}/upper`, `${files}/upper/team/up`);
    mkdirSync(`${files}/upper/team/sub/deep`);
    utimesSync(`${files}/upper/team/b 10.txt`, 1_000_000_000, 1_000_000_000);
    writeFileSync(
      Buffer.concat([Buffer.from(`${files}/upper/team/`), Buffer.from([0xff, 0xfe])]),
      'no UTF-8',
    );
    const link = await site.share('/upper/team/');

    const names = async (query: string) => {
      const answer = await site.get(`${link.url}/?format=json${query}`);
      t.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      return (JSON.parse(answer.body.toString()) as { entries: { name: string }[] }).entries.map(
        ({ name }) => name,
      );
    };
    const table = [
      ['', ['sub', '<i>&"\'.txt', 'b 9.txt', 'b 10.txt']],
      ['&order=desc', ['sub', 'b 10.txt', 'b 9.txt', '<i>&"\'.txt']],
      ['&sort=size', ['sub', '<i>&"\'.txt', 'b 10.txt', 'b 9.txt']],
      ['&sort=size&order=desc', ['sub', 'b 9.txt', 'b 10.txt', '<i>&"\'.txt']],
      ['&sort=date', ['sub', 'b 10.txt', '<i>&"\'.txt', 'b 9.txt']],
      ['&sort=size&sort=name&format=html', ['sub', '<i>&"\'.txt', 'b 10.txt', 'b 9.txt']],
      ['&sort=anything', ['sub', '<i>&"\'.txt', 'b 9.txt', 'b 10.txt']],
    ] as const;
    for (const [query, expected] of table) t.same(await names(query), expected, query);

    const json = JSON.parse((await site.get(`${link.url}/sub/?format=json`)).body.toString());
    t.same(json.trail, ['team', 'sub']);
    t.match(json.entries, [
      { name: 'deep', kind: 'folder', modifiedAt: /^\d{4}-.*Z$/ },
      { name: 'in.txt', kind: 'file', bytes: 5, modifiedAt: /^\d{4}-.*Z$/ },
    ]);

    const page = await site.get(`${link.url}/`, NAVIGATION);
    const text = page.body.toString();
    t.match(page.headers, {
      'cache-control': 'no-store',
      'content-security-policy':
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex, nofollow',
    });
    t.match(text, '<a href="./%3Ci%3E%26%22%27.txt">&lt;i&gt;&amp;&quot;&#39;.txt</a>');
    t.match(text, '<a href="./sub/">sub</a>');
    t.match(text, '1 folder, 3 files');
    t.notMatch(text, /<script|<i>&|javascript:|https?:/);
    for (const answer of [text, JSON.stringify(json), (await site.get(`${link.url}/sub/`)).body.toString()]) {
      t.notMatch(
        answer,
        /\bupper\b|secret|link\.txt|>up<|\ufffd/,
        'nothing above, no symlink, no broken name',
      );
    }
    t.match(
      (await site.get(`${link.url}/sub/deep/`, NAVIGATION)).body.toString(),
      '<a href="../../">team</a>',
    );
    t.same(
      await Promise.all(
        ['/sub', '/link.txt', '/up/secret.txt', '/up/', '/none', '/none/', '/b%209.txt/', '/%FF%FE'].map(
          async (below) => (await site.get(link.url + below)).status,
        ),
      ),
      [302, 404, 404, 404, 404, 404, 404, 404],
    );
  },
);

t.test(
  'a link is what its maker may hand on: what is denied to the maker is neither listed nor sent',
  async (t) => {
    for (const name of ['open.txt', 'hidden.txt', 'sub/in.txt']) await site.put(`/team/${name}`, BYTES);
    await site.cli('grant', 'user:alice', 'manage', '/team/');
    const [grant] = await site.store.acl.grantsOf([principal('user:alice')]);
    const authority = { maker: principal('user:alice'), makerGroups: [], grantId: grant?.id };
    const link = await site.share('/team/', {}, { authority });
    const seen = async () => {
      const { status, body } = await site.get(`${link.url}/?format=json`);
      if (status !== 200) return status;
      return (JSON.parse(body.toString()) as { entries: { name: string }[] }).entries.map(({ name }) => name);
    };
    const statuses = async () =>
      Promise.all(
        ['open.txt', 'hidden.txt', 'sub/', 'sub', 'sub/in.txt'].map(
          async (below) => (await site.get(`${link.url}/${below}`)).status,
        ),
      );
    t.same(
      [await seen(), await statuses()],
      [
        ['sub', 'hidden.txt', 'open.txt'],
        [200, 200, 200, 302, 200],
      ],
    );
    await site.cli('grant', 'user:alice', 'read', '/team/hidden.txt', '--deny');
    await site.cli('grant', 'user:alice', 'read', '/team/sub/', '--deny');
    t.same([await seen(), await statuses()], [['open.txt'], [200, 404, 404, 404, 404]]);
    await site.cli('suspend', 'alice');
    t.same([await seen(), await statuses()], [410, [410, 410, 410, 410, 410]], 'and it ends with the maker');
  },
);

t.test('a folder of 20,000 is listed up to 10,000, and says so', async (t) => {
  await site.put('/many/first', BYTES);
  await site.cli('grant', 'user:ann', 'manage', '/many/');
  for (let i = 0; i < 20_000; i++) writeFileSync(`${site.dataFolder}/store/files/many/${i}`, '');
  const ann = { maker: principal('user:ann'), makerGroups: [], grantId: undefined };
  for (const authority of [undefined, ann]) {
    const link = await site.share('/many/', {}, authority === undefined ? {} : { authority });
    const answered: string[] = [];
    const get = async (name: string) => {
      const answer = await site.get(`${link.url}/${name}`);
      answered.push(name);
      return answer;
    };
    const [list, first] = await Promise.all([get('?format=json'), get('first')]);
    const { entries, cut } = JSON.parse(list.body.toString()) as { entries: unknown[]; cut: boolean };
    t.same([entries.length, cut], [10_000, true]);
    t.equal(first.status, 200);
    t.same(answered, ['first', '?format=json'], 'others have their turn meanwhile');
  }
  const { url } = await site.share('/many/');
  const page = await site.get(`${url}/`, NAVIGATION);
  t.match(page.body.toString(), 'There is more in this folder than is shown here.');
});

t.test('a flood of lists is not worked off to its end: who comes on top is told to come again', async (t) => {
  await site.put('/some/first', BYTES);
  for (let i = 0; i < 1_000; i++) writeFileSync(`${site.dataFolder}/store/files/some/${i}`, '');
  const { url } = await site.share('/some/');
  const flood = await Promise.all(Array.from({ length: 100 }, () => site.get(`${url}/`)));
  t.same([...new Set(flood.map(({ status }) => status))].sort(), [200, 503]);
  for (const { status, headers } of flood) t.equal(headers['retry-after'], status === 503 ? '2' : undefined);
  t.equal((await site.get(`${url}/`)).status, 200, 'and then it is as before');
});

t.test('odd names are listed, and each leads to its own file', async (t) => {
  for (const [i, name] of ODD_NAMES.entries()) {
    await site.put(`/odd/${name}`, `file ${i}`);
    await site.put(`/in/${name}/x`, `folder ${i}`);
  }
  const [files, folders] = [await site.share('/odd/'), await site.share('/in/')];
  const list = JSON.parse((await site.get(`${files.url}/?format=json`)).body.toString());
  t.same(list.entries.map(({ name }: { name: string }) => name).sort(), [...ODD_NAMES].sort());
  const hrefsOf = (text: string) =>
    [...text.matchAll(/<td class="name [a-z]+"><a href="([^"]+)">/g)].map(([, href = '']) => href);
  const page = (await site.get(`${files.url}/`, NAVIGATION)).body.toString();
  const bodies = new Set<string>();
  for (const href of hrefsOf(page)) {
    for (const prefix of ['', '/_latchkey']) {
      const url = new URL(href, `http://a${prefix}${files.url}/`);
      bodies.add((await site.get(url.pathname + url.search + url.hash)).body.toString());
    }
  }
  t.same([...bodies].sort(), ODD_NAMES.map((_, i) => `file ${i}`).sort());
  const inside = new Set<string>();
  for (const href of hrefsOf((await site.get(`${folders.url}/`, NAVIGATION)).body.toString())) {
    const folder = new URL(href, `http://a${folders.url}/`).pathname;
    t.match((await site.get(folder, NAVIGATION)).body.toString(), '<a href="../">in</a>', folder);
    inside.add((await site.get(`${folder}x`)).body.toString());
  }
  t.same([...inside].sort(), ODD_NAMES.map((_, i) => `folder ${i}`).sort());
});
