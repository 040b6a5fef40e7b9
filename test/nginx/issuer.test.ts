/**
 * An issuer's keys through a real nginx: rotation under load without one wrong answer, and an issuer that is
 * stopped, slow or broken (docs/decisions/0013 and 0014). The ten seconds between two questions are real ones.
 */

import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { eddsa, edPair, forge, jwk, type Pair } from '../credentials/forge.js';
import { json, type Served, serve } from '../credentials/serving.js';
import { type Answer, hasSaid, keptConnection, type Site, startSite, until } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const PUBLIC = '/files/press/kit.txt';
const MANY = { LATCHKEY_FAILURES_MAX: '999999', LATCHKEY_ADMINS: 'user:admin' };
/** Between two questions to an issuer, and its time-out. */
const ASKED_AGAIN_MS = 10_000;
const SLACK_MS = 20_000;

function token(pair: Pair, kid: string, sub = 'alice'): string {
  const claims = { sub, jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 3600 };
  return forge({ alg: 'EdDSA', kid }, claims, eddsa(pair));
}

const CLIENTS = 2;
const SWAP_MS = 250;
/** Keys that are published before they sign: what ten seconds need, and one more second. */
const AHEAD = 44;
/** Keys that stay published after they have signed. */
const BEHIND = 20;
/** By the authorizer, for which keys became unknown. */
const QUESTIONS = 2;
/** A client asks again and again, and leaves some of the processor to whom it asks. */
const PACE_MS = 5;

// They wait, each for ten seconds of its own.
t.jobs = 2;

t.test('keys are exchanged under load without one wrong answer', async (t) => {
  const pairs: Pair[] = [];
  const pair = (i: number) => {
    for (let made = pairs.length; made <= i; made++) pairs.push(edPair());
    return pairs[i] ?? edPair();
  };
  let now = 0;
  let begun = Number.POSITIVE_INFINITY;
  const goOn = () => {
    now = Math.max(now, Math.floor((performance.now() - begun) / SWAP_MS));
  };
  const published: RequestListener = (_, response) => {
    goOn();
    const first = Math.max(0, now - BEHIND);
    const keys = Array.from({ length: now + AHEAD + 1 - first }, (_, i) =>
      jwk(pair(first + i), { kid: `k${first + i}` }),
    );
    response.end(JSON.stringify({ keys }));
  };
  const issuer = await serve(t, published);
  const site = await startSite(t, { ...MANY, LATCHKEY_JWKS_URL: `${issuer.url}/keys` });
  const first = token(pair(0), 'k0');
  await isMade(() => site.ask('PUT', FILE, { token: first, body: 'private' }));
  const stranger = edPair();
  begun = performance.now();
  const before = issuer.requests.length;
  const wrong: string[] = [];
  let answers = 0;
  const client = async () => {
    const ask = keptConnection(t, site.port);
    while (issuer.requests.length < before + QUESTIONS) {
      await pause(PACE_MS);
      goOn();
      // The key of now, one that has just gone out of use, and a forged one of now.
      const old = Math.max(0, now - BEHIND / 2);
      const table = [
        [token(pair(now), `k${now}`), 200],
        [token(pair(old), `k${old}`), 200],
        [token(stranger, `k${now}`), 401],
      ] as const;
      for (const [text, wanted] of table) {
        const { status } = await ask('GET', FILE, text);
        answers += 1;
        if (status !== wanted) wrong.push(`${status} instead of ${wanted} at k${now}`);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  t.same(wrong.slice(0, 5), [], `${wrong.length} wrong of ${answers}`);
  t.ok(now >= 80, `${now} keys were exchanged, in ${answers} answers`);
  const most = 2 * (1 + (performance.now() - begun) / ASKED_AGAIN_MS);
  t.ok(issuer.requests.length - before <= most, `the issuer was asked ${issuer.requests.length} times`);
  t.equal(
    (await site.ask('GET', FILE, { token: first })).status,
    401,
    'what a withdrawn key signed is forgotten',
  );
});

const TROUBLES: Readonly<Record<string, { begin(issuer: Served): Promise<void>; readonly said: string }>> = {
  stopped: { begin: (issuer) => issuer.stop(), said: 'ECONNREFUSED' },
  slow: { begin: async (issuer) => answerWith(issuer, () => undefined), said: 'did not answer within' },
  broken: {
    begin: async (issuer) => answerWith(issuer, (_, response) => response.end('<html>')),
    said: 'no JSON',
  },
};

function answerWith(issuer: Served, answer: RequestListener): void {
  issuer.answer = answer;
}

t.test('an issuer in trouble', { jobs: 3 }, async (t) => {
  for (const [name, { begin, said }] of Object.entries(TROUBLES)) {
    t.test(name, async (t) => {
      const [a, b] = [edPair(), edPair()];
      const issuer = await serve(t, json({ keys: [jwk(a, { kid: 'a' })] }));
      const site = await startSite(t, { ...MANY, LATCHKEY_JWKS_URL: `${issuer.url}/keys` });
      await prepare(site, a);
      const ask = keptConnection(t, site.port);
      const status = async (text: string | undefined, path = FILE) => (await ask('GET', path, text)).status;
      const known = token(a, 'a');
      t.equal(await status(known), 200);
      await begin(issuer);
      t.equal(await status(token(b, 'b')), 401, 'a good answer, a moment ago, had no such key');

      const load = underLoad(t, site, () => token(a, 'a'));
      await until(
        () => status(token(b, 'b')),
        (got) => got === 503,
        ASKED_AGAIN_MS + SLACK_MS,
      );
      t.same(
        [await status(known), await status(token(a, 'a')), await status(token(b, 'a'))],
        [200, 200, 401],
        'whose key is known goes on, and is not forged',
      );
      const unknown = await site.ask('GET', PUBLIC, { token: token(b, 'b') });
      t.equal(unknown.status, 503, 'not known, also where anyone may: a deny may name the user');
      t.match(unknown.headers['retry-after'], /^\d+$/);
      t.same(
        [await status(undefined, PUBLIC), await status(undefined)],
        [200, 401],
        'without a token it is a decision',
      );
      t.equal((await site.ask('PUT', FILE, { token: token(b, 'b'), body: 'x' })).status, 503);
      t.ok(await hasSaid(site, said));

      issuer.answer = json({ keys: [jwk(a, { kid: 'a' }), jwk(b, { kid: 'b' })] });
      if (name === 'stopped') await issuer.start();
      await until(
        () => status(token(b, 'b')),
        (got) => got === 200,
        ASKED_AGAIN_MS + SLACK_MS,
      );
      t.equal(await status(token(edPair(), 'c')), 401, 'after a good answer an unknown key is nobody’s');
      const { wrong, answers } = await load.end();
      t.same(wrong, [], `of ${answers} answers under load`);
    });
  }
});

/** An issuer that a busy machine kept from answering in time is asked again. */
const isMade = (put: () => Promise<Answer>) =>
  until(put, ({ status }) => status === 201, ASKED_AGAIN_MS + SLACK_MS);

async function prepare(site: Site, pair: Pair): Promise<void> {
  await isMade(() => site.ask('PUT', FILE, { token: token(pair, 'a'), body: 'private' }));
  await isMade(() => site.ask('PUT', PUBLIC, { token: token(pair, 'a', 'admin'), body: 'public' }));
  await site.cli('grant', 'anyone', 'read', '/press/');
}

/** A client that asks with tokens that were never seen, until it is told to end. */
function underLoad(t: Test, site: Site, next: () => string) {
  const ask = keptConnection(t, site.port);
  const wrong: number[] = [];
  let answers = 0;
  let goesOn = true;
  const loop = async () => {
    while (goesOn) {
      await pause(PACE_MS);
      const { status } = await ask('GET', FILE, next());
      answers += 1;
      if (status !== 200) wrong.push(status);
    }
  };
  const running = loop();
  return {
    end: async () => {
      goesOn = false;
      await running;
      return { wrong, answers };
    },
  };
}
