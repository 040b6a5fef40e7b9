/**
 * The decision (DESIGN §5): its truth table, and a property test against a second, naive evaluator.
 *
 * The tables are in decide-cases.ts, the second evaluator in naive-evaluator.ts, what it is asked in worlds.ts.
 */

import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ACTIONS, type Action } from '../../src/acl/action.js';
import { type Decision, type DecisionRequest, decide, explain, refusal } from '../../src/acl/decide.js';
import type { Grant } from '../../src/acl/grant.js';
import { ANYONE, AUTHENTICATED, isGroup, isUser } from '../../src/acl/principal.js';
import { ELSEWHERE, HOMES, NEAREST, type Row, SPECIFICITY, STATUS, TIES } from './decide-cases.js';
import { chainOf, grant, grants, holds, principal } from './given.js';
import { naiveDecision, naiveOrder, naiveReasons } from './naive-evaluator.js';
import { chainIn, requestIn, worlds } from './worlds.js';

const RUNS = 20_000;
/** Enough of each outcome that a comparison of two evaluators says something. */
const OUTCOMES_MIN = 500;
const NOW = 1_000;

/** What `user:bob group:eng`, or `anyone`, or `authenticated` asks. */
function request(who: string, action: Action): DecisionRequest {
  const named = who.split(' ').map(principal);
  const signedIn = !named.includes(ANYONE);
  const tiers = [named.filter(isUser), named.filter(isGroup), signedIn ? [AUTHENTICATED] : [], [ANYONE]];
  return { authenticated: signedIn, tiers, administrator: undefined, builtIn: [], action };
}

function answer(row: Row): Decision {
  const [action, asked = ''] = row.asked.split(' ');
  const asking = { ...request(row.who, action as Action), builtIn: grants(row.builtIn ?? []) };
  return decide(asking, chainOf(asked, grants(row.grants)), NOW);
}

function decidesAsTold(t: Test, rows: readonly Row[]): void {
  for (const row of rows) {
    const decision = answer(row);
    const { grants: stored, builtIn = [], by, says } = row;
    t.equal(decision.outcome, row.outcome, `${says}: ${row.outcome}`);
    const decider = [...grants(stored), ...grants(builtIn)].find((_, i) => [...stored, ...builtIn][i] === by);
    const reason = decider === undefined ? { kind: 'no-grant' } : { kind: 'grant', grant: decider };
    t.same(decision.reason, reason, `${says}: by ${by ?? 'no grant'}`);
  }
}

// ── the four rules ──────────────────────────────────────────────────────────────────────────────────────────

t.test('the nearest path that speaks decides', async (t) => decidesAsTold(t, NEAREST));
t.test('a grant that is neither on the path nor on a folder above it says nothing', async (t) =>
  decidesAsTold(t, ELSEWHERE),
);
t.test('on one path the more specific principal decides', async (t) => decidesAsTold(t, SPECIFICITY));
t.test('in a tie deny comes before allow, then the lowest id', async (t) => decidesAsTold(t, TIES));
t.test('every no is 401 without a valid credential and 403 with one', async (t) => decidesAsTold(t, STATUS));
t.test("a user's home is a grant like any other, without a number", async (t) => decidesAsTold(t, HOMES));

t.test('a refusal by itself is 401 without a valid credential and 403 with one', async (t) => {
  t.equal(refusal(false), 'unauthenticated', 'without');
  t.equal(refusal(true), 'forbidden', 'with');
});

t.test('where nothing is known of any path, nothing is allowed', async (t) => {
  const expected = { outcome: 'forbidden', reason: { kind: 'no-grant' } };
  t.same(decide(request('user:bob', 'read'), [], NOW), expected, 'no chain');
});

// ── when a grant speaks ─────────────────────────────────────────────────────────────────────────────────────

t.test('an allow speaks for its action and every lesser one', async (t) => {
  const rows = { read: ['read'], write: ['read', 'write'], manage: ['read', 'write', 'manage'] };
  for (const granted of ACTIONS) {
    const chain = chainOf('/a', [grant(`user:bob ${granted} /a`)]);
    const allows = ACTIONS.filter(
      (asked) => decide(request('user:bob', asked), chain, NOW).outcome === 'allow',
    );
    t.same(allows, rows[granted], `an allow of ${granted} allows ${rows[granted].join(', ')}`);
  }
});

t.test('a deny speaks for its action and every greater one', async (t) => {
  const rows = { read: ['read', 'write', 'manage'], write: ['write', 'manage'], manage: ['manage'] };
  for (const denied of ACTIONS) {
    const chain = chainOf('/a', grants([`user:bob deny ${denied} /a`, 'user:bob manage /']));
    const denies = ACTIONS.filter(
      (asked) => decide(request('user:bob', asked), chain, NOW).outcome !== 'allow',
    );
    t.same(denies, rows[denied], `a deny of ${denied} denies ${rows[denied].join(', ')}`);
  }
});

t.test('a grant speaks from the millisecond of notBefore to the one before expiresAt', async (t) => {
  const rows: [string, number, boolean][] = [
    ['from 1000 until 2000', 999, false],
    ['from 1000 until 2000', 1000, true],
    ['from 1000 until 2000', 1999, true],
    ['from 1000 until 2000', 2000, false],
    ['from 1000', 999, false],
    ['from 1000', 1000, true],
    ['from 1000', 8.64e15, true],
    ['until 2000', 0, true],
    ['until 2000', 1999, true],
    ['until 2000', 2000, false],
    ['from 1000 until 1001', 999, false],
    ['from 1000 until 1001', 1000, true],
    ['from 1000 until 1001', 1001, false],
    ['from 1000 until 1000', 1000, false],
    ['from 2000 until 1000', 1500, false],
    ['from 0', 0, true],
    ['until 0', 0, false],
  ];
  const asking = request('user:bob', 'read');
  for (const [window, now, speaks] of rows) {
    const allow = chainOf('/a', [grant(`user:bob read /a ${window}`)]);
    const told = `${window}, at ${now}: it ${speaks ? 'speaks' : 'is silent'}`;
    t.equal(decide(asking, allow, now).outcome, speaks ? 'allow' : 'forbidden', `an allow ${told}`);
    const deny = chainOf('/a', grants([`user:bob deny read /a ${window}`, 'user:bob read /']));
    t.equal(decide(asking, deny, now).outcome, speaks ? 'forbidden' : 'allow', `a deny ${told}`);
  }
});

t.test('an administrator may do everything, before any grant', async (t) => {
  const administrator = principal('group:admins');
  const chain = chainOf('/a', grants(['user:bob deny read /a', 'anyone deny read /']));
  for (const action of ACTIONS) {
    const expected = { outcome: 'allow', reason: { kind: 'administrator', principal: administrator } };
    t.same(decide({ ...request('user:bob', action), administrator }, chain, NOW), expected, action);
  }
});

// ── why ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Each grant that was considered as `id verdict`. */
function verdicts(asking: DecisionRequest, asked: string, lines: readonly string[]): string[] {
  const { considered } = explain(asking, chainOf(asked, grants(lines)), NOW);
  return considered.map(({ grant, verdict }) => `${grant.id} ${verdict}`);
}

const EVERY_VERDICT = [
  'user:bob read /',
  'authenticated read /team/',
  'group:eng deny write /team/',
  'group:eng deny read /team/ until 1000',
  'user:alice read /team/',
  'group:ops read /team/plan.pdf',
  'user:bob read /team/plan.pdf from 1001',
  'user:bob write /team/',
];

t.test('an explanation tells every grant on the chain and what became of it, in order', async (t) => {
  t.same(
    verdicts(request('user:bob group:eng', 'read'), '/team/plan.pdf', [
      ...EVERY_VERDICT,
      'anyone read /else/',
    ]),
    [
      '7 not-yet',
      '6 other-principal',
      '5 other-principal',
      '8 decides',
      '3 denies-more',
      '4 expired',
      '2 outranked',
      '1 outranked',
    ],
    'an allow decides',
  );
  t.same(
    verdicts(request('user:bob', 'manage'), '/a', [
      'user:bob write /a',
      'anyone deny read /a',
      'anyone manage /',
    ]),
    ['1 allows-less', '2 decides', '3 outranked'],
    'a deny decides',
  );
  t.same(verdicts(request('user:bob', 'read'), '/a', []), [], 'nothing to tell');
});

t.test('for an administrator no grant decides', async (t) => {
  const asking = { ...request('user:bob', 'read'), administrator: principal('user:bob') };
  t.same(
    verdicts(asking, '/a', ['user:bob read /a', 'user:bob deny read /']),
    ['1 outranked', '2 outranked'],
    'both spoke',
  );
});

t.test("an explanation tells a user's home in its place", async (t) => {
  const asking = { ...request('user:bob', 'read'), builtIn: [grant('#0 user:bob manage /bob/')] };
  t.same(
    verdicts(asking, '/bob/a', ['user:bob read /bob/', 'user:bob deny write /bob/', 'group:eng read /bob/a']),
    ['3 other-principal', '2 denies-more', '0 decides', '1 outranked'],
    'with the number 0',
  );
});

// ── a file that has expired ─────────────────────────────────────────────────────────────────────────────────

t.test(
  'from its instant on a file is read by nobody but administrators; writing is decided as ever',
  async (t) => {
    const stored = grants(['user:bob manage /f', 'anyone read /']);
    const chain = chainOf('/f', stored).map((level, i) => (i === 0 ? { ...level, expiresAt: NOW } : level));
    const said = (who: string, action: Action, now: number) => {
      const { outcome, reason } = decide(request(who, action), chain, now);
      return `${outcome} ${reason.kind}`;
    };
    t.equal(said('user:bob', 'read', NOW - 1), 'allow grant');
    t.equal(said('user:bob', 'read', NOW), 'forbidden file-expired');
    t.equal(said('anyone', 'read', NOW), 'unauthenticated file-expired');
    t.equal(said('user:bob', 'write', NOW), 'allow grant');
    t.equal(said('user:bob', 'manage', NOW), 'allow grant');
    const administrator = { ...request('user:bob', 'read'), administrator: principal('user:bob') };
    t.equal(decide(administrator, chain, NOW).outcome, 'allow');
  },
);

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────

function deciderOf(decision: Decision): Grant | undefined {
  return decision.reason.kind === 'grant' ? decision.reason.grant : undefined;
}

t.test('a second evaluator, which filters and sorts, decides the same by the same grant', async (t) => {
  const seen = { allow: 0, forbidden: 0, unauthenticated: 0, contested: 0 };
  const property = fc.property(worlds, (world) => {
    const expected = naiveDecision(world);
    seen[expected.outcome]++;
    if (naiveOrder(world).filter((one) => naiveReasons(world, one).length === 0).length > 1) seen.contested++;
    const decision = decide(requestIn(world), chainIn(world), world.now);
    const by = deciderOf(decision)?.id ?? decision.reason.kind;
    const expectedBy = typeof expected.by === 'string' ? expected.by : expected.by.id;
    return decision.outcome === expected.outcome && by === expectedBy;
  });
  await holds(t, property, RUNS);
  t.ok(Math.min(...Object.values(seen)) > OUTCOMES_MIN, `of each there were enough: ${JSON.stringify(seen)}`);
});

t.test('an explanation holds the decision of decide', async (t) => {
  const property = fc.property(worlds, (world) => {
    const chain = chainIn(world);
    const asking = requestIn(world);
    const [decided, explained] = [
      decide(asking, chain, world.now),
      explain(asking, chain, world.now).decision,
    ];
    return decided.outcome === explained.outcome && deciderOf(decided) === deciderOf(explained);
  });
  await holds(t, property, RUNS);
});

t.test('one grant decides, the first considered that speaks for a principal of the request', async (t) => {
  const property = fc.property(worlds, (world) => {
    const { decision, considered } = explain(requestIn(world), chainIn(world), world.now);
    const deciding = considered.filter(({ verdict }) => verdict === 'decides').map(({ grant }) => grant);
    if (decision.reason.kind !== 'grant') return deciding.length === 0;
    const first = considered.find(({ grant }) => naiveReasons(world, grant).length === 0)?.grant;
    return deciding.length === 1 && deciding[0] === first && deciderOf(decision) === first;
  });
  await holds(t, property, RUNS);
});

t.test('every other grant is told in its order, with a reason that is true of it', async (t) => {
  const property = fc.property(worlds, (world) => {
    const { considered } = explain(requestIn(world), chainIn(world), world.now);
    const ids = considered.map(({ grant }) => grant.id);
    if (
      ids.join() !==
      naiveOrder(world)
        .map(({ id }) => id)
        .join()
    )
      return false;
    return considered.every(({ grant, verdict }) => {
      const reasons = naiveReasons(world, grant);
      return reasons.length === 0 ? ['decides', 'outranked'].includes(verdict) : reasons.includes(verdict);
    });
  });
  await holds(t, property, RUNS);
});
