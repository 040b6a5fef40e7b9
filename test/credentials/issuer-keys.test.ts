/**
 * The keys of an issuer, from a real server and with a clock that the tests set: when it is asked, what an answer
 * changes, and what is known while it is away.
 */

import type { RequestListener, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { type IssuerAddress, IssuerKeys } from '../../src/credentials/issuer-keys.js';
import type { TokenRules } from '../../src/credentials/token-key.js';
import { ecdsa, ecPair, forge, jwk, type Pair, rsa, rsaPair } from './forge.js';
import { NOW_S, type Scene, scene } from './given.js';
import { json, type Served, serve } from './serving.js';

const RULES: TokenRules = { issuers: [], audiences: [], rsaAlgorithm: 'RS256' };
const A = ecPair();
const B = ecPair();
const SET_A = { keys: [jwk(A, { kid: 'a' })] };
const SET_B = { keys: [jwk(B, { kid: 'b' })] };
const SET_AB = { keys: [...SET_A.keys, ...SET_B.keys] };

function token(pair: Pair, kid: string | undefined, claims: object = {}): string {
  return forge({ alg: 'ES256', kid }, { sub: 'alice', exp: NOW_S + 36_000, ...claims }, ecdsa(pair));
}

interface Issued extends Scene {
  readonly issuer: IssuerKeys;
  readonly problems: readonly string[];
  pass(ms: number): void;
  /** The user, why it is nobody, or `not known`. */
  tell(token: string): Promise<string>;
}

function issued(address: IssuerAddress, rules = RULES): Issued {
  let monotonic = 0;
  const problems: string[] = [];
  const issuer = new IssuerKeys({
    address,
    rules,
    clock: () => monotonic,
    onDropped: () => site.tokens.forget(),
    onProblem: (message) => problems.push(message),
  });
  const site = scene({ keys: [], sources: [issuer] });
  const pass = (ms: number) => {
    monotonic += ms;
  };
  const tell = (text: string) => site.bearer(text).catch((error: Error) => `not known: ${error.message}`);
  return Object.assign(site, { issuer, problems, pass, tell });
}

const UNKNOWN = 'not known: the keys of the issuer cannot be had, and this token may be of a new one';

async function published(t: Test, set: unknown): Promise<{ readonly server: Served; readonly site: Issued }> {
  const server = await serve(t, json(set));
  return { server, site: issued({ jwksUrl: `${server.url}/keys` }) };
}

t.test('an unknown key id asks, at most once in ten seconds; a known one does not', async (t) => {
  const { server, site } = await published(t, SET_A);
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
  t.equal(await site.tell(token(A, 'a', { jti: 'other' })), 'user:alice');
  for (const kid of ['b', 'c', 'd']) t.equal(await site.tell(token(B, kid)), 'invalid');
  t.equal(server.requests.length, 1);
  site.pass(9_999);
  server.answer = json(SET_AB);
  t.equal(await site.tell(token(B, 'b')), 'invalid');
  t.equal(server.requests.length, 1);
  site.pass(1);
  t.equal(await site.tell(token(B, 'b')), 'user:alice');
  t.equal(server.requests.length, 2);
  t.equal(await site.tell(token(B, 'a')), 'invalid', 'a known key id with another signature asks nobody');
  site.pass(10_000);
  t.equal(await site.tell(token(A, 'b')), 'invalid');
  t.equal(
    await site.tell(forge({ alg: 'HS256' }, { sub: 'alice', exp: NOW_S + 9 }, () => Buffer.alloc(32))),
    'invalid',
  );
  t.equal(await site.tell('rubbish'), 'invalid');
  t.equal(server.requests.length, 2);
});

t.test('whoever asks while it is being asked waits for the same answer', async (t) => {
  const { server, site } = await published(t, SET_AB);
  const waiting: ServerResponse[] = [];
  const asked = new Promise<void>((resolve) => {
    server.answer = (_, response) => {
      waiting.push(response);
      resolve();
    };
  });
  const tokens = [token(A, 'a'), token(B, 'b'), token(B, 'c'), token(A, 'a', { jti: '2' })];
  const outcomes = Promise.all(tokens.map(site.tell));
  await asked;
  site.pass(60_000);
  site.issuer.refresh();
  waiting[0]?.end(JSON.stringify(SET_AB));
  t.same(await outcomes, ['user:alice', 'user:alice', 'invalid', 'user:alice']);
  t.equal(server.requests.length, 1);
});

t.test('a good answer replaces the set whole, and what a dropped key signed is forgotten', async (t) => {
  const { server, site } = await published(t, SET_A);
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
  server.answer = json(SET_B);
  site.pass(5 * 60_000 - 1);
  site.issuer.refresh();
  t.equal(server.requests.length, 1, 'it is not five minutes old');
  site.pass(1);
  site.issuer.refresh();
  await site.issuer.seek();
  t.equal(server.requests.length, 2);
  t.equal(await site.tell(token(A, 'a')), 'invalid');
  t.equal(await site.tell(token(B, 'b')), 'user:alice');
});

t.test('another key under the same id takes the place of the first', async (t) => {
  const { server, site } = await published(t, SET_A);
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
  server.answer = json({ keys: [jwk(B, { kid: 'a' })] });
  site.pass(5 * 60_000);
  site.issuer.refresh();
  await site.issuer.seek();
  t.same([await site.tell(token(A, 'a')), await site.tell(token(B, 'a'))], ['invalid', 'user:alice']);
});

t.test('an issuer without key ids may change its only key', async (t) => {
  const { server, site } = await published(t, { keys: [jwk(A)] });
  t.equal(await site.tell(token(A, undefined)), 'user:alice');
  server.answer = json({ keys: [jwk(B)] });
  site.pass(10_000);
  t.equal(await site.tell(token(B, undefined)), 'user:alice');
  t.equal(await site.tell(token(A, undefined)), 'invalid');
});

t.test('while it is away the known go on, an unknown key is not known, and it is said once', async (t) => {
  const { server, site } = await published(t, SET_A);
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
  await server.stop();
  site.pass(10_000);
  t.equal(await site.tell(token(B, 'b')), UNKNOWN);
  t.equal(await site.tell(token(B, undefined)), UNKNOWN, 'it may be of a new key');
  t.equal(await site.tell(token(B, 'a')), 'invalid', 'a forged one of a known key is not');
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
  t.equal(await site.tell(token(A, 'a', { jti: 'never seen' })), 'user:alice');
  t.equal(
    await site.tell(token(A, undefined, { exp: NOW_S - 1 })),
    'invalid',
    'an expired one of a known key is not',
  );
  site.pass(10_000);
  t.equal(await site.tell(token(B, 'b')), UNKNOWN);
  t.equal(site.problems.length, 1);
  t.match(
    site.problems[0],
    /^the keys of the issuer: http:\/\/127.0.0.1:\d+ could not be asked: ECONNREFUSED$/,
  );
  await server.start();
  t.equal(await site.tell(token(B, 'b')), UNKNOWN, 'it was asked a moment ago');
  site.pass(10_000);
  site.issuer.refresh();
  await site.issuer.seek();
  t.equal(await site.tell(token(B, 'b')), 'invalid', 'after a good answer an unknown key is nobody’s');
});

t.test('an issuer that was never there is asked again, and found', async (t) => {
  const { server, site } = await published(t, SET_A);
  await server.stop();
  site.issuer.refresh();
  t.equal(await site.tell(token(A, 'a')), UNKNOWN);
  await server.start();
  site.pass(10_000);
  site.issuer.refresh();
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
});

t.test('what is no set changes nothing that is known', async (t) => {
  const { server, site } = await published(t, SET_A);
  t.equal(await site.tell(token(A, 'a')), 'user:alice');
  const elsewhere = await serve(t, json(SET_B));
  const redirect: RequestListener = (_, response) =>
    response.writeHead(302, { location: elsewhere.url }).end(JSON.stringify(SET_B));
  const table: Readonly<Record<string, RequestListener>> = {
    'answered 302': redirect,
    'answered 404': (_, response) => response.writeHead(404).end(JSON.stringify(SET_B)),
    'answered 500': (_, response) => response.writeHead(500).end(),
    'answered with no JSON': (_, response) => response.end('<html>'),
    'its set is no JWK set': json([]),
    'holds no key that can be used': json({ keys: [] }),
    'holds no key that can be used: its first is a private key': json({
      keys: [{ ...B.privateKey.export({ format: 'jwk' }), kid: 'b' }],
    }),
    'its set holds no key that can be used: its first has 512 bits': json({
      keys: [jwk(rsaPair(512), { kid: 'b' })],
    }),
    'more than 524288 bytes': json({ keys: SET_B.keys, pad: 'x'.repeat(600_000) }),
    'did not answer within 2000 ms': () => undefined,
  };
  for (const [problem, answer] of Object.entries(table)) {
    server.answer = answer;
    site.pass(10_000);
    t.equal(await site.tell(token(B, 'b')), UNKNOWN, problem);
    t.match(site.problems.at(-1), problem);
    t.equal(await site.tell(token(A, 'a')), 'user:alice');
  }
  t.equal(elsewhere.requests.length, 0);
});

t.test('however many keys have one id, a token costs no more than four tries', async (t) => {
  const others = Array.from({ length: 50 }, () => ecPair());
  const same = others.map((pair) => jwk(pair, { kid: 'a' }));
  const { site } = await published(t, {
    keys: [...same, ...Array.from({ length: 500 }, () => jwk(B, { kid: 'b' }))],
  });
  t.equal(await site.tell(token(others[3] ?? A, 'a')), 'user:alice', 'the fourth of them');
  t.equal(await site.tell(token(others[4] ?? A, 'a')), 'invalid', 'and not the fifth');
});

t.test('an OpenID Connect issuer names its set, and what it signs must name the issuer', async (t) => {
  const R = rsaPair();
  const server = await serve(t, () => undefined);
  const issuer = `${server.url}/realms/site`;
  const discovery = { issuer, jwks_uri: `${server.url}/certs?x=1` };
  const openId =
    (document: unknown): RequestListener =>
    (request, response) => {
      const { url } = request;
      const set = { keys: [jwk(R, { kid: 'r', alg: 'RS256', use: 'sig' })] };
      if (url === '/realms/site/.well-known/openid-configuration') json(document)(request, response);
      else if (url === '/certs?x=1') response.end(JSON.stringify(set));
      else response.writeHead(404).end();
    };
  const signed = (claims: object) =>
    forge({ alg: 'RS256', kid: 'r' }, { sub: 'alice', exp: NOW_S + 60, ...claims }, rsa(R));
  server.answer = openId(discovery);
  const site = issued({ issuer }, { ...RULES, issuers: [issuer] });
  t.equal(await site.tell(signed({ iss: issuer })), 'user:alice');
  for (const iss of [undefined, `${issuer}/`, server.url, issuer.toUpperCase(), [issuer], null, '']) {
    t.equal(await site.tell(signed({ iss })), 'invalid', `of ${JSON.stringify(iss)}`);
  }
  t.same(
    server.requests.map(({ url }) => url),
    ['/realms/site/.well-known/openid-configuration', '/certs?x=1'],
  );
  const wrong: readonly (readonly [document: unknown, problem: string])[] = [
    [{ ...discovery, issuer: `${issuer}/` }, 'says of itself that it is another issuer'],
    [{ ...discovery, issuer: server.url }, 'says of itself that it is another issuer'],
    [{ jwks_uri: discovery.jwks_uri }, 'says of itself that it is another issuer'],
    [null, 'says of itself that it is another issuer'],
    [{ issuer }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: 7 }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: '/certs?x=1' }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: 'file:///etc/passwd' }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: 'https://' }, 'names no jwks_uri'],
    [{ issuer, jwks_uri: `${server.url}/none` }, 'answered 404'],
  ];
  for (const [document, problem] of wrong) {
    const other = issued({ issuer }, { ...RULES, issuers: [issuer] });
    server.answer = openId(document);
    t.equal(await other.tell(signed({ iss: issuer })), UNKNOWN);
    t.match(other.problems[0], problem);
  }
  const slash = issued({ issuer: `${issuer}/` }, { ...RULES, issuers: [`${issuer}/`] });
  server.answer = openId({ ...discovery, issuer: `${issuer}/` });
  t.equal(await slash.tell(signed({ iss: `${issuer}/` })), 'user:alice', 'Auth0 ends in a slash');
});

t.test('two issuers: one that is away takes nobody of the other along', async (t) => {
  const away = await published(t, SET_A);
  await away.server.stop();
  const here = await published(t, SET_B);
  const site = scene({ keys: [], sources: [away.site.issuer, here.site.issuer] });
  t.equal(await site.bearer(token(B, 'b')), 'user:alice');
  t.equal(await site.bearer(token(B, 'b', { jti: '2' })), 'user:alice');
  await t.rejects(site.bearer(token(A, 'a')), { name: 'NotKnown', code: 'issuer-unavailable' });
});
