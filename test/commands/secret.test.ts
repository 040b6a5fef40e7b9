/**
 * `latchkey secret`: what it says, what it leaves in the file and whose that is, when it refuses, and that it never
 * prints a secret.
 */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { freshSecret, madeAt } from '../../src/credentials/secret-rotation.js';
import { parseSecrets } from '../../src/credentials/secret-text.js';
import { type Desk, desk, several } from './program.js';

const ID = /^\d{8}T\d{6}Z-[0-9a-f]{4}$/;
const USAGE =
  'the usage is: latchkey secret rotate [--keep N] | list | drop KEY-ID | drop --unnamed; of links: with --links';
const NOTICED = 'Services that run notice it within 1 s.\n';
const FOREIGN =
  "the data folder's secret is not in force: access tokens are signed with another one, or by somebody else (LATCHKEY_JWT_SECRET, LATCHKEY_JWT_PEM_FILE, LATCHKEY_JWKS_FILE, LATCHKEY_JWKS_URL or LATCHKEY_OIDC_ISSUER); change it there";

function inFile({ dataFolder }: Desk) {
  return parseSecrets(readFileSync(`${dataFolder}/secret`, 'utf8'));
}

t.test('a key id says when it was made', async (t) => {
  const at = Date.UTC(2026, 10, 3, 14, 15, 16, 999);
  const { id = '', secret } = freshSecret(at);
  t.match(id, /^20261103T141516Z-[0-9a-f]{4}$/);
  t.match(secret, /^[0-9a-f]{64}$/);
  t.equal(madeAt(id), at - 999);
  for (const other of [undefined, '', 'new', '20261103T141516Z', `x${id}`, '20269903T141516Z-0000']) {
    t.equal(madeAt(other), undefined, String(other));
  }
});

t.test('rotate keeps the one before, and drop ends it', async (t) => {
  const site = await desk(t);
  const { run, json, dataFolder } = site;
  await run('token alice');
  const [first] = inFile(site);
  t.same(await json('secret list'), { secrets: [{ id: null, madeAt: null }] });
  const before = Math.floor(Date.now() / 1000) * 1000;
  const rotated = (await json('secret rotate')) as { signs: string; secrets: { madeAt: string }[] };
  t.match(rotated, { signs: ID, dropped: [], secrets: [{ id: rotated.signs }, { id: null, madeAt: null }] });
  const made = Date.parse(rotated.secrets[0]?.madeAt ?? '');
  t.ok(made >= before && made <= Date.now());
  t.same(inFile(site)[1], first, 'the one before is as it was');
  t.match(inFile(site)[0], { id: rotated.signs, secret: /^[0-9a-f]{64}$/ });
  const { mode, uid } = statSync(`${dataFolder}/secret`);
  t.same([mode & 0o777, uid], [0o600, statSync(dataFolder).uid]);
  const list = await run('secret list');
  t.match(
    list.stdout,
    new RegExp(
      `^key id +made +use\n${rotated.signs}  20.*Z  signs and verifies\n\\(unnamed\\) +not known +verifies\n$`,
    ),
  );
  const head = (await run('token alice')).stdout.split('.')[0] ?? '';
  t.match(JSON.parse(Buffer.from(head, 'base64url').toString()), { alg: 'HS256', kid: rotated.signs });
  const dropped = await run('secret drop --unnamed');
  t.same(
    [dropped.code, dropped.stdout, dropped.stderr],
    [0, `dropped: (unnamed); its tokens have ended\n${NOTICED}`, ''],
  );
  t.same(
    inFile(site).map(({ id }) => id),
    [rotated.signs],
  );
  const again = await run('secret rotate');
  const [newest] = inFile(site);
  t.equal(
    again.stdout,
    `rotated: new tokens are signed with ${newest?.id}\ntokens of ${rotated.signs} go on\n${NOTICED}`,
  );
  t.same(await json(`secret drop ${rotated.signs}`), {
    dropped: rotated.signs,
    secrets: [
      {
        id: newest?.id,
        madeAt: ((await json('secret list')) as { secrets: { madeAt: string }[] }).secrets[0]?.madeAt,
      },
    ],
  });
  const said = JSON.stringify([rotated, list, dropped, again]);
  for (const { secret } of [...inFile(site), ...(first ? [first] : [])])
    t.notOk(said.includes(secret), 'no secret is printed');
  t.same(
    readdirSync(dataFolder).filter((name) => name.startsWith('secret')),
    ['secret'],
    'no draft is left',
  );
});

t.test('--keep says how many of those before go on', async (t) => {
  const site = await desk(t);
  const ids: (string | undefined)[] = [undefined];
  for (const [keep, left] of [
    ['3', 2],
    ['3', 3],
    ['3', 4],
    ['3', 4],
    ['2', 3],
    ['15', 4],
    ['0', 1],
  ] as const) {
    const { code, stdout } = await site.run(`secret rotate --keep ${keep}`);
    t.equal(code, 0);
    const now = inFile(site).map(({ id }) => id);
    t.same(now, [now[0], ...ids].slice(0, left));
    for (const gone of ids.slice(left - 1))
      t.match(stdout, `dropped: ${gone ?? '(unnamed)'}; its tokens have ended\n`);
    ids.splice(0, ids.length, ...now);
  }
});

t.test('what cannot be done is refused, and the file is as it was', async (t) => {
  const site = await desk(t);
  await site.run('secret rotate');
  const text = readFileSync(`${site.dataFolder}/secret`, 'utf8');
  const id = inFile(site)[0]?.id ?? '';
  // These come as far as the lock of the secrets, where another one of them would be in the way.
  const oneByOne = [
    [`secret drop ${id}`, 1, `${id} signs new tokens: run 'latchkey secret rotate' first`],
    ['secret drop none', 1, "there is no secret with the key id 'none': 'latchkey secret list' names them"],
  ] as const;
  const table = [
    ['secret', 2, USAGE],
    ['secret burn', 2, USAGE],
    ['secret rotate now', 2, USAGE],
    ['secret rotate --unnamed', 2, USAGE],
    ['secret list now', 2, USAGE],
    ['secret list --keep 1', 2, USAGE],
    ['secret drop', 2, USAGE],
    [`secret drop ${id} --unnamed`, 2, USAGE],
    [`secret drop ${id} --keep 1`, 2, USAGE],
    ['secret rotate --keep 16', 2, "--keep takes a whole number from 0 to 15, not '16'"],
    ['secret rotate --keep=-1', 2, "--keep takes a whole number from 0 to 15, not '-1'"],
    ['secret rotate --keep all', 2, "--keep takes a whole number from 0 to 15, not 'all'"],
  ] as const;
  const isRefused = async ([words, code, message]: readonly [string, number, string]) => {
    const tried = code === 2 ? 'Try: latchkey secret --help\n' : '';
    t.same(
      await site.run(words),
      { code, signal: null, stdout: '', stderr: `latchkey: ${message}\n${tried}` },
      words,
    );
  };
  for (const one of oneByOne) await isRefused(one);
  await several(table, isRefused);
  t.equal(readFileSync(`${site.dataFolder}/secret`, 'utf8'), text);
  await site.run('secret rotate --keep 0');
  t.match(await site.run('secret drop --unnamed'), {
    code: 1,
    stderr: "latchkey: there is no secret without a key id: 'latchkey secret list' names them\n",
  });
});

t.test('where other keys are in force, there is nothing to rotate', async (t) => {
  const site = await desk(t);
  const sources = {
    LATCHKEY_JWT_SECRET: 'a secret of at least 32 bytes, here',
    LATCHKEY_JWT_PEM_FILE: '/etc/none.pem',
    LATCHKEY_JWKS_FILE: '/etc/none.json',
    LATCHKEY_JWKS_URL: 'https://id.example/keys',
    LATCHKEY_OIDC_ISSUER: 'https://id.example',
  };
  await several(Object.entries(sources), async ([name, value]) => {
    for (const words of ['secret rotate', 'secret list', 'secret drop a']) {
      const { code, stdout, stderr } = await site.run(words, { env: { [name]: value } });
      t.same(
        [code, stdout, stderr],
        [2, '', `latchkey: ${FOREIGN}\nTry: latchkey secret --help\n`],
        `${name}: ${words}`,
      );
    }
  });
  t.notOk(readdirSync(site.dataFolder).includes('secret'), 'and none was made');
});

t.test('of two changes at once none is lost, and a broken file is not rotated over', async (t) => {
  const site = await desk(t);
  const runs = await Promise.all(Array.from({ length: 4 }, () => site.run('secret rotate --keep 15')));
  const done = runs.filter(({ code }) => code === 0);
  t.ok(done.length >= 1);
  t.equal(inFile(site).length, 1 + done.length);
  for (const { code, stderr } of runs.filter(({ code }) => code !== 0)) {
    t.same([code, stderr], [3, 'latchkey: the secrets are being changed by another command; try again\n']);
  }
  writeFileSync(`${site.dataFolder}/secret`, `a ${'x'.repeat(40)}\na ${'y'.repeat(40)}\n`);
  const { code, stderr } = await site.run('secret rotate');
  t.same(
    [code, stderr],
    [2, "latchkey: the file 'secret' in the data folder has two secrets of one key id\n"],
  );
});

t.test('--links: the same with the keys of signed URLs', async (t) => {
  const { run, json, dataFolder } = await desk(t);
  const inLinkFile = () => parseSecrets(readFileSync(`${dataFolder}/link-secret`, 'utf8'));
  const list = (await json('secret list --links')) as { secrets: { id: string }[] };
  const [first = { id: '' }] = list.secrets;
  t.match(first, { id: ID });
  t.same([statSync(`${dataFolder}/link-secret`).mode & 0o777, inLinkFile().length], [0o600, 1]);
  const rotated = await run('secret rotate --links');
  const [newest] = inLinkFile();
  t.equal(
    rotated.stdout,
    `rotated: new links are signed with ${newest?.id}\nlinks of ${first.id} go on\n${NOTICED}`,
  );
  t.match(await run(`secret drop ${newest?.id} --links`), {
    code: 1,
    stdout: '',
    stderr: `latchkey: ${newest?.id} signs new links: run 'latchkey secret rotate --links' first\n`,
  });
  t.equal(
    (await run(`secret drop ${first.id} --links`)).stdout,
    `dropped: ${first.id}; its links have ended\n${NOTICED}`,
  );
  t.notOk(readdirSync(dataFolder).includes('secret'), 'access tokens have theirs, when one is made');
  t.same(await run('secret rotate --links', { env: { LATCHKEY_LINK_SECRET: `k1 ${'x'.repeat(32)}` } }), {
    code: 2,
    signal: null,
    stdout: '',
    stderr:
      "latchkey: the data folder's keys are not in force: links are signed with those of LATCHKEY_LINK_SECRET; change them there\nTry: latchkey secret --help\n",
  });
});
