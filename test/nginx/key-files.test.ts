/**
 * Keys that come and go while the services run: the data folder's secret by `latchkey secret`, and files of PEM and
 * JWK sets. What was taken out is refused within the published bound, remembered tokens too.
 */

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { KEY_FILES_POLL_MS } from '../../src/assembly/secrets.js';
import { ecdsa, ecPair, forge, jwk, type Pair, pem, rsa, rsaPair } from '../credentials/forge.js';
import { type Site, startSite, tokenFor, until } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
/** Asking until something has changed is no guessing. */
const ENV = { LATCHKEY_FAILURES_MAX: '999999' };
/** Of the whole file's test: starting a site clears the folder of its own. */
const FOLDER = t.testdir();
/** A look at the files by each service, and much room for a machine that does other things. */
const NOTICED_MS = 30 * KEY_FILES_POLL_MS;

/** Whole, since a service may look at any moment: half a file would be another problem. */
function exchange(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o644 });
  renameSync(`${file}.new`, file);
}

/** What the authorizer says, and what the files service says, which nginx asks alone about a download. */
async function statuses(site: Site, token: string): Promise<readonly number[]> {
  const targets = [FILE, FILE.replace('/files/', '/_latchkey/download/')];
  const answers = await Promise.all(targets.map((target) => site.ask('GET', target, { token })));
  return answers.map(({ status }) => status);
}

function noticed(site: Site, token: string, wanted: readonly number[]) {
  return until(
    () => statuses(site, token),
    (got) => got.join() === wanted.join(),
    NOTICED_MS,
  );
}

/** How often the services have said so. */
async function logged(site: Site, text: string): Promise<number> {
  await nextTurn(); // what they say comes between two turns
  return site.said().split(text).length - 1;
}

const GOOD = [200, 200];
const BAD = [401, 401];

t.test('rotate: old tokens go on, and after drop they are refused', async (t) => {
  const site = await startSite(t, ENV);
  const remembered = site.token('alice');
  await site.ask('PUT', FILE, { token: remembered, body: 'x' });
  t.equal((await site.cli('secret', 'rotate')).code, 0);
  const fresh = (await site.cli('token', 'alice')).stdout.trim();
  await noticed(site, fresh, GOOD);
  t.same(await statuses(site, remembered), GOOD);
  t.same(await statuses(site, site.token('alice', { jti: 'never seen' })), GOOD);
  t.equal((await site.cli('secret', 'drop', '--unnamed')).code, 0);
  await noticed(site, remembered, BAD);
  t.same(await statuses(site, site.token('alice', { jti: 'nor this' })), BAD);
  t.same(await statuses(site, fresh), GOOD);
  t.equal((await site.cli('secret', 'rotate', '--keep', '0')).code, 0);
  await noticed(site, fresh, BAD);
});

t.test('a broken or missing secret leaves the keys as they were, and is logged once', async (t) => {
  const site = await startSite(t, ENV);
  const token = site.token('alice');
  await site.ask('PUT', FILE, { token, body: 'x' });
  const file = `${site.dataFolder}/secret`;
  const text = readFileSync(file, 'utf8');
  const times = (why: string) =>
    logged(site, `the keys stay as they were: the file 'secret' in the data folder ${why}`);
  const broken = {
    'has less than 32 bytes': 'half of i',
    'has two secrets of one key id': `a ${text}\na ${text}\n`,
    'is a public key': pem(rsaPair()),
  };
  for (const [why, content] of Object.entries(broken)) {
    exchange(file, content);
    await until(
      () => times(why),
      (n) => n === 2,
      NOTICED_MS,
    );
    t.same(await statuses(site, token), GOOD, why);
    t.same(await statuses(site, site.token('alice', { jti: why })), GOOD);
  }
  rmSync(file);
  await until(
    () => times('is gone'),
    (n) => n === 2,
    NOTICED_MS,
  );
  t.same(await statuses(site, token), GOOD);
  t.notOk(existsSync(file), 'a service that runs makes no other one');
  exchange(file, `${'another'.repeat(9)}\n`);
  await noticed(site, token, BAD);
  await noticed(site, tokenFor('another'.repeat(9), 'alice'), GOOD);
  t.equal(await times(''), 8, 'each problem once by each service');
});

t.test('a key that is taken out of a file of PEM or a JWK set is refused', async (t) => {
  const files = { LATCHKEY_JWT_PEM_FILE: `${FOLDER}/keys.pem`, LATCHKEY_JWKS_FILE: `${FOLDER}/keys.json` };
  const [old, next, listed] = [rsaPair(), rsaPair(), ecPair()];
  const write = (pems: readonly Pair[], jwks: readonly object[]) => {
    exchange(files.LATCHKEY_JWT_PEM_FILE, pems.map(pem).join(''));
    exchange(files.LATCHKEY_JWKS_FILE, JSON.stringify({ keys: jwks }));
  };
  write([old], [jwk(listed, { kid: 'listed' })]);
  const site = await startSite(t, { ...ENV, ...files });
  t.notOk(existsSync(`${site.dataFolder}/secret`), 'no secret is made that nobody asked for');
  const claims = { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 3600 };
  const ofOld = forge({ alg: 'RS256' }, claims, rsa(old));
  const ofNext = forge({ alg: 'RS256' }, claims, rsa(next));
  const ofListed = forge({ alg: 'ES256', kid: 'listed' }, claims, ecdsa(listed));
  await site.ask('PUT', FILE, { token: ofOld, body: 'x' });
  t.same([await statuses(site, ofListed), await statuses(site, ofNext)], [GOOD, BAD]);
  write([old, next], []);
  await until(
    () => logged(site, 'holds no key that can be used'),
    (n) => n === 2,
    NOTICED_MS,
  );
  t.same(
    [await statuses(site, ofOld), await statuses(site, ofListed)],
    [GOOD, GOOD],
    'a broken file changes nothing',
  );
  write([old, next], [jwk(ecPair(), { kid: 'listed' })]);
  await noticed(site, ofNext, GOOD);
  await noticed(site, ofListed, BAD); // two files are not written at once
  t.same(await statuses(site, ofOld), GOOD);
  write([next], [jwk(listed, { kid: 'listed' })]);
  await noticed(site, ofOld, BAD);
  await noticed(site, ofListed, GOOD);
  t.same(await statuses(site, ofNext), GOOD);
});
