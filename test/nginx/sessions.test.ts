/**
 * Sessions of a site through nginx, with several authorizers: a session that the site ends is over on all of them at
 * once; and whatever becomes of the site, nobody gets a file without a yes, or a no that is none.
 */

import t, { type Test } from 'tap';
import { type AskedSite, askedSite, held, says } from '../credentials/asked-site.js';
import { type Answer, type Site, startSite, until } from './running-site.js';

const ALTERNATIONS = 100;
const WORKERS = 3;
const HOOK_SECRET = 'what the site proves itself with, 32 bytes';
const FILE = '/files/users/alice/plan.txt';
const PUBLIC = '/files/public.txt';
const LONG_MS = 600_000;

/** Of the first two. */
const given = await siteBehind(t, { LATCHKEY_SESSION_KEPT_MS: String(LONG_MS) });

t.test('100 times signed in and ended by the site, on three authorizers, zero late', async (t) => {
  const { site, people, asks, ask } = given;
  let late = 0;
  for (let i = 0; i < ALTERNATIONS; i++) {
    const cookie = `sid=${i}`;
    people.set(cookie, 'alice');
    await untilKept(
      () => ask(FILE, cookie),
      () => asks(cookie),
    );
    people.delete(cookie);
    const by = i % 2 === 0 ? { cookie } : { user: 'alice' };
    if ((await end(site, by)).status !== 200) t.fail(`${i}: the hook was refused`);
    const after = await Promise.all(Array.from({ length: 2 * WORKERS }, () => ask(FILE, cookie)));
    late += after.filter(({ status }) => status !== 401).length;
  }
  t.equal(late, 0);
});

t.test('a user who signs in again at once is in, and other users were never out', async (t) => {
  const { site, people, ask } = given;
  people.set('sid=a', 'alice').set('sid=b', 'bob');
  t.equal((await ask(FILE, 'sid=a')).status, 200);
  t.equal((await ask(FILE, 'sid=b')).status, 403);
  t.equal((await end(site, { user: 'alice' })).status, 200);
  t.equal((await ask(FILE, 'sid=a')).status, 200, 'another session of hers, which the site still knows');
  t.equal((await ask(FILE, 'sid=b')).status, 403);
});

t.test('a site that is away, slow or mad: 503 for who must be asked about, for nobody else', async (t) => {
  const { site, back, people, asks, ask } = await siteBehind(t, {
    LATCHKEY_SESSION_KEPT_MS: String(LONG_MS),
  });
  const silent = held();
  t.teardown(() => silent.release());
  const outages: readonly (readonly [name: string, answer: AskedSite['answer'] | 'stopped'])[] = [
    ['an error', says('<h1>Server Error</h1>', 500)],
    ['rubbish', says('<h1>Welcome</h1>')],
    ['a redirect to its login', (_q, r) => void r.writeHead(302, { location: '/login' }).end()],
    ['no such field', says({ name: 'alice' })],
    ['silence', silent.answer],
    ['nothing there', 'stopped'],
  ];
  people.set('sid=kept', 'alice');
  await untilKept(
    () => ask(FILE, 'sid=kept'),
    () => asks('sid=kept'),
  );
  for (const [name, answer] of outages) {
    if (answer === 'stopped') await back.stop();
    else back.answer = answer;
    const crowd = Array.from({ length: 60 }, (_, i) => ask(i % 2 === 0 ? FILE : PUBLIC, `sid=${i}`));
    const kept = Array.from({ length: 20 }, () => ask(FILE, 'sid=kept'));
    const others = [ask(FILE), ask(PUBLIC), site.ask('GET', FILE, { token: site.token('alice') })];
    t.same(await statuses(others), [401, 200, 200], `${name}: nobody who has no session`);
    t.same(new Set(await statuses(kept)), new Set([200]), 'who is kept goes on');
    const seen = await Promise.all(crowd);
    t.same(new Set(await statuses(seen)), new Set([503]), 'also for a file that everybody may read');
    t.same(new Set(seen.map(({ headers }) => headers['retry-after'])), new Set(['1']));
    t.notOk(seen.some(({ body }) => body.includes('private') || body.includes('public')));
  }
});

t.test('what is kept goes on until its time, and is back with the site', async (t) => {
  const keptMs = 2_000;
  const { back, people, ask } = await siteBehind(t, { LATCHKEY_SESSION_KEPT_MS: String(keptMs) });
  let askedAt = 0;
  back.answer = (request, response) => {
    askedAt = performance.now();
    people.answer(request, response);
  };
  people.set('sid=1', 'alice');
  let lastAllowedAt = 0;
  const seen = async () => {
    const sentAt = performance.now();
    const { status } = await ask(FILE, 'sid=1');
    if (status === 200) lastAllowedAt = sentAt;
    return status;
  };
  for (let i = 0; i < 2 * WORKERS; i++) t.equal(await seen(), 200);
  back.answer = says('', 500);
  const failingAt = performance.now();
  // The authorizers have asked one after another; the last of them is the last to forget.
  await until(seen, () => performance.now() - askedAt > 2 * keptMs, 10 * keptMs);
  t.ok(lastAllowedAt > failingAt, 'it went on');
  t.ok(lastAllowedAt - askedAt <= keptMs, `late by ${Math.round(lastAllowedAt - askedAt - keptMs)} ms`);
  for (let i = 0; i < 2 * WORKERS; i++) t.equal(await seen(), 503);
  back.answer = people.answer;
  for (let i = 0; i < 2 * WORKERS; i++) t.equal(await seen(), 200);
});

interface People extends Map<string, string> {
  /** As the site answers while it is well. */
  readonly answer: AskedSite['answer'];
}

interface Scene {
  readonly site: Site;
  readonly back: AskedSite;
  /** Whose a cookie is, as the site knows. */
  readonly people: People;
  /** How often the site was asked about the cookie. */
  asks(cookie: string): number;
  ask(target: string, cookie?: string): Promise<Answer>;
}

/** alice has a private file, and there is one for everybody; both services ask the site. */
async function siteBehind(t: Test, settings: Readonly<Record<string, string>>): Promise<Scene> {
  const back = await askedSite(t);
  const people: People = Object.assign(new Map<string, string>(), {
    answer: ((request, response) => {
      const user = people.get(request.headers.cookie ?? '') ?? null;
      says({ user })(request, response);
    }) as AskedSite['answer'],
  });
  back.answer = people.answer;
  const env = {
    LATCHKEY_SESSION_URL: back.url,
    LATCHKEY_SESSION_COOKIES: 'sid',
    LATCHKEY_SESSION_HOOK_SECRET: HOOK_SECRET,
    LATCHKEY_SESSION_TIMEOUT_MS: '1900',
    LATCHKEY_ADMINS: 'user:root',
    ...settings,
  };
  const site = await startSite(t, env, ['--workers', String(WORKERS)]);
  await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' });
  await site.ask('PUT', PUBLIC, { token: site.token('root'), body: 'public' });
  await site.cli('grant', 'anyone', 'read', '/public.txt');
  return {
    site,
    back,
    people,
    asks: (cookie) => back.asked.filter((asked) => asked === cookie).length,
    ask: (target, cookie) =>
      site.ask('GET', target, cookie === undefined ? {} : { headers: { Cookie: cookie } }),
  };
}

function end(site: Site, body: unknown): Promise<Answer> {
  return site.ask('POST', '/_latchkey/api/v1/sessions/end', {
    token: HOOK_SECRET,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** Until each authorizer has asked the site about it, and keeps the answer. */
async function untilKept(ask: () => Promise<Answer>, asks: () => number): Promise<void> {
  await until(
    async () => {
      const { status } = await ask();
      if (status !== 200) throw new Error(`${status} for who is signed in`);
      return asks();
    },
    (times) => times === WORKERS,
    30_000,
  );
}

async function statuses(answers: readonly (Answer | Promise<Answer>)[]): Promise<number[]> {
  return (await Promise.all(answers)).map(({ status }) => status);
}
