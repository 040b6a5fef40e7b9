/**
 * What the facts do to a decision: those that cannot be had or are being exchanged are none (DESIGN §3), those
 * that come at once are decided at once, and a window of time is judged by the clock when they are there.
 */

import t from 'tap';
import { Authorizer, type Question } from '../../src/acl/authorizer.js';
import type { Decision } from '../../src/acl/decide.js';
import { NotKnown, type NotKnownCode } from '../../src/acl/errors.js';
import type { Facts, FactsReader } from '../../src/acl/ports.js';
import { NOBODY, type Principal, subjectAs } from '../../src/acl/principal.js';
import { administrators, ask, bob, bobOf, GOOD, known, NO_POLICY, NOW } from './asking.js';
import { chainOf, grant, grants, principal } from './given.js';

t.test('the reader is asked for the path and for the user of the subject', async (t) => {
  const asked: (readonly [string, Principal | undefined])[] = [];
  const read: FactsReader['read'] = (on, user) => {
    asked.push([on, user]);
    return known('/a', []);
  };
  const authorizer = new Authorizer({ read }, NO_POLICY, () => NOW);
  await authorizer.authorize(ask(bobOf('group:eng'), 'read', '/a'));
  await authorizer.explain(ask(bobOf('group:eng'), 'read', '/a'));
  await authorizer.authorize(ask(NOBODY, 'read', '/a'));
  await authorizer.authorize(ask(subjectAs(principal('group:eng')), 'read', '/a'));
  t.same(
    asked,
    [
      ['/a', bob],
      ['/a', bob],
      ['/a', undefined],
      ['/a', undefined],
    ],
    'bob, bob, nobody, a group',
  );
});

t.test('facts at once are decided at once, facts later are decided later', async (t) => {
  const facts = known('/a', ['user:bob read /a']);
  const question = ask(bobOf(), 'read', '/a');
  const decision = { outcome: 'allow', reason: { kind: 'grant', grant: grant('user:bob read /a') } };
  const atOnce = new Authorizer({ read: () => facts }, NO_POLICY, () => NOW).authorize(question);
  t.same(atOnce, decision, 'no promise where none came');
  const later = new Authorizer({ read: async () => facts }, NO_POLICY, () => NOW).authorize(question);
  t.ok(later instanceof Promise, 'a promise where one came');
  t.same(await later, decision, 'the same decision');
});

// ── not knowing ─────────────────────────────────────────────────────────────────────────────────────────────

const ALLOWED = ['anyone manage /'];
const notKnown = (code: NotKnownCode) => ({ name: 'NotKnown', code });

function over(facts: Facts): Authorizer {
  return new Authorizer({ read: () => facts }, NO_POLICY, () => NOW);
}

/** Whether the reader answers at once or later, it is told as a rejection. */
async function authorize(reader: FactsReader, question: Question, policy = NO_POLICY): Promise<Decision> {
  return new Authorizer(reader, policy, () => NOW).authorize(question);
}

const COMMITTING: Facts = { chain: chainOf('/a/b', grants(ALLOWED), ['/a/b']), standing: GOOD };

t.test('nobody is told anything about a path that is committing', async (t) => {
  const question = ask(bobOf(), 'read', '/a/b');
  const atOnce = { read: () => COMMITTING };
  t.throws(() => over(COMMITTING).authorize(question), notKnown('committing'), 'at once');
  const later = { read: async () => COMMITTING };
  await t.rejects(authorize(later, question), notKnown('committing'), 'later');
  await t.rejects(
    authorize(atOnce, question, administrators('user:bob')),
    notKnown('committing'),
    'administrator',
  );
  await t.rejects(authorize(atOnce, ask(NOBODY, 'read', '/a/b')), notKnown('committing'), 'nobody');
});

t.test('an explanation answers while the path is committing, too', async (t) => {
  const { decision, considered } = await over(COMMITTING).explain(ask(bobOf(), 'read', '/a/b'));
  t.equal(decision.outcome, 'allow', 'the decision by the facts as they are');
  t.same(considered, [{ grant: grant('anyone manage /'), verdict: 'decides' }], 'the grant that decides');
});

t.test('a folder that is committing is so with all below it: nothing in it is decided', async (t) => {
  for (const folder of ['/a/', '/']) {
    const facts = { chain: chainOf('/a/b', grants(ALLOWED), [folder]), standing: GOOD };
    const asked = async () => over(facts).authorize(ask(bobOf(), 'read', '/a/b'));
    await t.rejects(asked(), { code: 'committing' }, folder);
  }
});

t.test('a reader that does not know is no decision, and what it throws is passed on as it is', async (t) => {
  const question = ask(bobOf(), 'read', '/a');
  const policy = administrators('user:bob');
  const failures = [
    new NotKnown('store-unavailable', 'away'),
    new NotKnown('store-unreadable', 'new'),
    new Error(),
  ];
  for (const failure of failures) {
    const later: FactsReader = { read: () => Promise.reject(failure) };
    const atOnce: FactsReader = {
      read: () => {
        throw failure;
      },
    };
    for (const reader of [atOnce, later]) {
      const authorizer = new Authorizer(reader, policy, () => NOW);
      const when = `${failure.message}, ${reader === later ? 'later' : 'at once'}`;
      const thrown = await authorize(reader, question, policy).catch((error: unknown) => error);
      t.equal(thrown, failure, `authorize: ${when}`);
      t.equal(
        await authorizer.explain(question).catch((error: unknown) => error),
        failure,
        `explain: ${when}`,
      );
    }
  }
});

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a grant begins and ends by the clock that the authorizer was given', async (t) => {
  const facts = known('/a', ['user:bob read /a from 1000 until 2000']);
  let now = 0;
  const authorizer = new Authorizer({ read: () => facts }, NO_POLICY, () => now);
  const rows = [
    [999, 'forbidden', 'not-yet'],
    [1000, 'allow', 'decides'],
    [1999, 'allow', 'decides'],
    [2000, 'forbidden', 'expired'],
  ] as const;
  for (const [instant, outcome, verdict] of rows) {
    now = instant;
    t.equal(
      (await authorizer.authorize(ask(bobOf(), 'read', '/a'))).outcome,
      outcome,
      `at ${now}: ${outcome}`,
    );
    const { considered } = await authorizer.explain(ask(bobOf(), 'read', '/a'));
    t.same(
      considered.map((one) => one.verdict),
      [verdict],
      `at ${now}: ${verdict}`,
    );
  }
});

t.test('the clock is read when the facts are there: a grant may end while they are loaded', async (t) => {
  const loading = Promise.withResolvers<Facts>();
  let now = 1999;
  const authorizer = new Authorizer({ read: () => loading.promise }, NO_POLICY, () => now);
  const question = ask(bobOf(), 'read', '/a');
  const answers = [authorizer.authorize(question), authorizer.explain(question)] as const;
  now = 2000;
  loading.resolve(known('/a', ['user:bob read /a until 2000']));
  t.equal((await answers[0]).outcome, 'forbidden', 'authorize');
  t.equal((await answers[1]).decision.outcome, 'forbidden', 'explain');
});
