/**
 * The site's own sessions: who is asked, how often, and how long an answer is believed. What the site answers is in
 * session-answers.test.ts.
 */

import t from 'tap';
import { held, says } from './asked-site.js';
import { KEPT_MS, sessionScene } from './session-scene.js';

t.test('without a named cookie nothing is asked', async (t) => {
  const { site, who } = await sessionScene(t);
  for (const cookie of [
    undefined,
    '',
    'other=1',
    'sidecar=1',
    'xsid=1',
    'SID=1',
    'sid',
    'other=sid',
    'sid=',
  ]) {
    t.equal(await who(cookie), 'absent', String(cookie));
  }
  t.same(site.asked, []);
});

t.test('only the named cookies travel, as they came, in the order of the setting', async (t) => {
  const cases: readonly (readonly [came: string, travels: string])[] = [
    ['sid=1', 'sid=1'],
    ['a=1; sid=1; b=2', 'sid=1'],
    ['a=1;sid=1;b=2', 'sid=1'],
    ['  sid = 1  ;  a=2', 'sid=1'],
    ['remember=9; sid=1', 'sid=1; remember=9'],
    ['sid=1; remember=9', 'sid=1; remember=9'],
    ['remember=9', 'remember=9'],
    ['sid=; remember=9', 'remember=9'],
    ['sid="1"', 'sid="1"'],
    ['sid=%41+%zz', 'sid=%41+%zz'],
    ['sid=a=b==', 'sid=a=b=='],
    ['sid=a,b', 'sid=a,b'],
    ['sid=a\\"b', 'sid=a\\"b'],
    ['sid=\xc3\xa9', 'sid=\xc3\xa9'],
    ['sid; sid=1', 'sid=1'],
    [';;; =x; sid=1', 'sid=1'],
    ['__proto__=1; sid=1; constructor=2', 'sid=1'],
    // Which of several counts is the site's to say, as for its own pages.
    ['sid=1; a=2; sid=3', 'sid=1; sid=3'],
    ['sid=3; sid=1', 'sid=3; sid=1'],
  ];
  const { site, who, pass } = await sessionScene(t, { cookieNames: ['sid', 'remember'] });
  for (const [came, travels] of cases) {
    t.equal(await who(came), 'user:alice', came);
    t.equal(site.asked.at(-1), travels, came);
    await who(travels);
    t.equal(site.asked.length, 1, 'and what travels is what an answer is kept by');
    site.asked.length = 0;
    pass(KEPT_MS);
  }
});

t.test('cookies of 8 KiB travel, longer ones prove nothing', async (t) => {
  const { site, who } = await sessionScene(t);
  const longest = 'x'.repeat(8 * 1024 - 'sid='.length);
  t.equal(await who(`sid=${longest}`), 'user:alice');
  t.equal(await who(`sid=${longest}x`), 'invalid');
  t.equal(await who(`other=${longest}x; sid=1`), 'user:alice', 'what does not travel does not count');
  t.equal(site.asked.length, 2);
});

t.test('an answer is kept for its time, counted from before the question', async (t) => {
  const { site, who, pass } = await sessionScene(t);
  const slow = held();
  site.answer = slow.answer;
  const first = who('sid=1');
  await site.askedTimes(1);
  pass(10_000);
  slow.release();
  t.equal(await first, 'user:alice');
  site.answer = says('', 401);
  pass(KEPT_MS - 10_000 - 1);
  t.equal(await who('sid=1'), 'user:alice', 'one millisecond before the end');
  pass(1);
  t.equal(await who('sid=1'), 'invalid');
  t.equal(site.asked.length, 2);
});

t.test('a hit never makes it live longer', async (t) => {
  const { site, who, pass } = await sessionScene(t);
  await who('sid=1');
  site.answer = says('', 401);
  for (let ms = 0; ms < KEPT_MS - 1_000; ms += 1_000) {
    pass(1_000);
    if ((await who('sid=1')) !== 'user:alice') t.fail(`asked after ${ms} ms`);
  }
  pass(1_000);
  t.equal(await who('sid=1'), 'invalid');
});

t.test('neither a clock that is set back nor a machine that slept makes it live longer', async (t) => {
  for (const [name, wall, elapsed] of [
    ['set back', -3_600_000, KEPT_MS],
    ['set back a little', -1, 1],
    ['slept', KEPT_MS, 1],
  ] as const) {
    const { site, who, time } = await sessionScene(t);
    await who('sid=1');
    time.wall += wall;
    time.elapsed += elapsed;
    await who('sid=1');
    t.equal(site.asked.length, 2, name);
  }
});

t.test('one question is under way for a session, however many wait for it', async (t) => {
  const { site, who } = await sessionScene(t);
  const slow = held();
  site.answer = slow.answer;
  const all = Array.from({ length: 100 }, (_, i) => who(i % 2 === 0 ? 'sid=1' : 'sid=1; other=2'));
  const other = who('sid=2');
  await site.askedTimes(2);
  slow.release();
  t.same(new Set(await Promise.all(all)), new Set(['user:alice']));
  t.equal(await other, 'user:alice');
  t.same(site.asked, ['sid=1', 'sid=2']);
});

t.test('who comes later shares an answer only while it would be kept', async (t) => {
  const { site, who, pass } = await sessionScene(t, { keptMs: 100 });
  const slow = held();
  site.answer = slow.answer;
  const first = who('sid=1');
  await site.askedTimes(1);
  pass(99);
  const second = who('sid=1');
  pass(1);
  const third = who('sid=1');
  slow.release();
  t.same(await Promise.all([first, second, third]), ['user:alice', 'user:alice', 'user:alice']);
  t.equal(site.asked.length, 2, 'the third asked for itself');
});

t.test('who signs in while the site says that nobody has is asked about again', async (t) => {
  for (const nobody of [says('', 401), says({ user: null })]) {
    const { site, who, pass } = await sessionScene(t);
    const slow = held();
    site.answer = slow.answer;
    const before = who('sid=1');
    await site.askedTimes(1);
    pass(1);
    const after = who('sid=1');
    site.answer = says({ user: 'alice' });
    slow.release(nobody);
    t.not(await before, 'user:alice');
    t.equal(await after, 'user:alice');
  }
});

t.test('at most 64 sessions are asked about at once; more are told to come back', async (t) => {
  const { site, who } = await sessionScene(t);
  const slow = held();
  site.answer = slow.answer;
  const asked = Array.from({ length: 64 }, (_, i) => who(`sid=${i}`));
  t.match(await who('sid=64'), /^not known: .* 64 sessions/);
  const shared = who('sid=0');
  slow.release();
  t.same(new Set(await Promise.all([...asked, shared])), new Set(['user:alice']));
  t.equal(await who('sid=64'), 'user:alice', 'and then there is room');
  t.equal(site.asked.length, 65);
});

t.test('so many sessions are kept; of more, the one used longest ago is asked about again', async (t) => {
  const { site, who } = await sessionScene(t, {}, 3);
  for (const id of [1, 2, 3, 1, 4]) await who(`sid=${id}`);
  t.same(site.asked, ['sid=1', 'sid=2', 'sid=3', 'sid=4']);
  for (const id of [4, 1, 3, 2]) t.equal(await who(`sid=${id}`), 'user:alice');
  t.same(site.asked.slice(4), ['sid=2']);
});

t.test('an ended session and a user who signed out are asked about again at once', async (t) => {
  const { site, who, pass, endSession, signOut } = await sessionScene(t);
  const ends: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['the session', () => endSession('sid=1')],
    ['the user', () => signOut('user:alice')],
  ];
  for (const [name, end] of ends) {
    site.answer = says({ user: 'alice' });
    pass(1);
    t.equal(await who('sid=1'), 'user:alice');
    pass(1);
    await end();
    pass(1);
    site.answer = says('', 401);
    t.equal(await who('sid=1'), 'invalid', name);
    site.answer = says({ user: 'alice' });
    t.equal(await who('sid=1'), 'user:alice', 'and counts when the site says so again');
  }
});

t.test('what was ended is one session, or one user', async (t) => {
  const { site, who, pass, endSession, signOut } = await sessionScene(t);
  await who('sid=1');
  pass(1);
  await endSession('sid=2');
  await signOut('user:bob');
  pass(1);
  t.equal(await who('sid=1'), 'user:alice');
  t.equal(site.asked.length, 1);
});

t.test('an answer that was under way at the end is not used: the site is asked once more', async (t) => {
  const ends = [
    ['endSession', 'sid=1'],
    ['signOut', 'user:alice'],
  ] as const;
  const afterwards = [
    [says('', 401), 'invalid'],
    [says({ user: 'bob' }), 'user:bob'],
  ] as const;
  for (const [end, whose] of ends) {
    for (const [answer, expected] of afterwards) {
      const scene = await sessionScene(t);
      const { site, who, pass } = scene;
      const slow = held();
      site.answer = slow.answer;
      const both = [who('sid=1'), who('sid=1')];
      await site.askedTimes(1);
      pass(1);
      await scene[end](whose);
      pass(1);
      site.answer = answer;
      slow.release();
      t.same(await Promise.all(both), [expected, expected], `${end}: ${expected}`);
    }
  }
});

t.test('ended again and again while it is asked about, it is not known, after three questions', async (t) => {
  const { site, who, endSession } = await sessionScene(t);
  site.answer = (request, response) => {
    void endSession('sid=1').then(() => says({ user: 'alice' })(request, response));
  };
  t.match(await who('sid=1'), /^not known: .*ended while/);
  t.equal(site.asked.length, 3);
});

t.test(
  'failures of an address are counted, and then a session that is not known is not asked about',
  async (t) => {
    const { site, who } = await sessionScene(t);
    t.equal(await who('sid=good', '192.0.2.1'), 'user:alice');
    site.answer = says('', 401);
    const seen: string[] = [];
    for (let i = 0; i < 7; i++) seen.push(await who(`sid=${i}`, '192.0.2.1'));
    t.same(seen, [...Array(5).fill('invalid'), 'limited', 'limited']);
    t.equal(site.asked.length, 6, 'the last two were not asked about');
    t.equal(await who('sid=good', '192.0.2.1'), 'user:alice', 'who is known is not kept out');
    t.equal(await who('sid=bad', '192.0.2.2'), 'invalid', 'nor is another address');
  },
);

t.test('a session that nobody has signed in to is no failure', async (t) => {
  const { site, who } = await sessionScene(t);
  site.answer = says({ user: null });
  for (let i = 0; i < 20; i++) t.equal(await who(`sid=${i}`, '192.0.2.1'), 'absent');
  site.answer = says({ user: 'alice' });
  t.equal(await who('sid=0', '192.0.2.1'), 'user:alice');
});
