/**
 * Every token of the `…-cases.ts` files through a real nginx: none acts as its victim, by header or
 * cookie, before either service; none is a 5xx; the good twin of each gets the file.
 */

import { writeFileSync } from 'node:fs';
import t from 'tap';
import { pem } from '../credentials/forge.js';
import { serve } from '../credentials/serving.js';
import { CLAIM_CASES } from './claim-cases.js';
import { headerCases } from './header-cases.js';
import { type Site, startSite } from './running-site.js';
import { signatureCases } from './signature-cases.js';
import { AUDIENCE, GOOD, ISSUER, JWKS, SITE } from './token-site.js';

const FILE = '/users/alice/plan.txt';
const FOLDER = t.testdir();
const FILES = {
  LATCHKEY_JWT_SECRET_FILE: `${FOLDER}/secrets`,
  LATCHKEY_JWT_PEM_FILE: `${FOLDER}/keys.pem`,
  LATCHKEY_JWKS_FILE: `${FOLDER}/keys.json`,
};
writeFileSync(
  FILES.LATCHKEY_JWT_SECRET_FILE,
  Object.entries(SITE.secrets)
    .map((line) => line.join(' '))
    .join('\n'),
);
writeFileSync(FILES.LATCHKEY_JWT_PEM_FILE, Object.values(SITE.pem).map(pem).join(''));
writeFileSync(FILES.LATCHKEY_JWKS_FILE, JSON.stringify(JWKS));

/** The authorizer and the files service, by header; the authorizer by cookie. A cookie cannot carry everything. */
async function statuses(site: Site, token: string): Promise<readonly number[]> {
  const headers = { Authorization: `Bearer ${token}` };
  const asked = [
    site.ask('GET', `/files${FILE}`, { headers }),
    site.ask('GET', `/_latchkey/download${FILE}`, { headers }),
    site.ask('GET', `/files${FILE}`, { headers: { Cookie: `access=${token}` } }),
  ];
  return (await Promise.all(asked)).map(({ status }) => status);
}

t.test('hostile tokens', async (t) => {
  const elsewhere = await serve(t, (_, response) => response.end(JSON.stringify(JWKS)));
  const site = await startSite(t, {
    ...FILES,
    LATCHKEY_JWT_ISSUER: ISSUER,
    LATCHKEY_JWT_AUDIENCE: AUDIENCE,
    LATCHKEY_TOKEN_COOKIE: 'access',
    LATCHKEY_ADMINS: 'user:admin,group:eng',
    LATCHKEY_FAILURES_MAX: '999999',
  });
  t.equal((await site.ask('PUT', `/files${FILE}`, { token: GOOD.HS256, body: 'private' })).status, 201);
  for (const [name, token] of Object.entries(GOOD))
    t.same(await statuses(site, token), [200, 200, 200], name);

  const cases = [...signatureCases(), ...headerCases(elsewhere.url), ...CLAIM_CASES];
  const twins = new Map<string, readonly number[]>();
  for (const { name, bad, good, status } of cases) {
    const got = await statuses(site, bad);
    const [gate, download] = got;
    const opened = got.some((one) => one < 400 || one >= 500);
    t.ok(!opened && gate === status && download === status, `${name}: ${got}`);
    if (!twins.has(good)) twins.set(good, await statuses(site, good));
    t.same(twins.get(good), [200, 200, 200], `the good twin of: ${name}`);
  }
  t.ok(cases.length >= 80, `${cases.length} cases`);
  t.equal(elsewhere.requests.length, 0, 'nobody was asked for the key that a token brings along');
  t.notMatch(site.said(), /"level":(?:50|60)/, 'and none of them was an error to the services');
});
