/**
 * From a subject and its standing to principals (DESIGN §5): whose groups count, who is suspended, who is an
 * administrator, who is at home. What the facts do to a decision is in authorizer-facts.test.ts.
 */

import fc from 'fast-check';
import t from 'tap';
import { ACTIONS } from '../../src/acl/action.js';
import { Authorizer, type Question } from '../../src/acl/authorizer.js';
import type { Policy } from '../../src/acl/policy.js';
import type { Facts, Standing } from '../../src/acl/ports.js';
import { NOBODY, type Subject, subjectAs } from '../../src/acl/principal.js';
import { administrators, ask, bob, bobOf, GOOD, known, NO_POLICY, NOW } from './asking.js';
import { grants, holds, principal } from './given.js';
import { naiveDecision, naiveOrder } from './naive-evaluator.js';
import { chainIn, worlds } from './worlds.js';

const SUSPENDED: Standing = { groups: [], suspended: true };

function authorizerOver(facts: Facts, policy = NO_POLICY): Authorizer {
  return new Authorizer({ read: () => facts }, policy, () => NOW);
}

async function outcome(facts: Facts, question: Question, policy = NO_POLICY): Promise<string> {
  return (await authorizerOver(facts, policy).authorize(question)).outcome;
}

// ── principals ──────────────────────────────────────────────────────────────────────────────────────────────

t.test('a subject is its user, its groups claimed and stored, authenticated and anyone', async (t) => {
  const rows: [string, Subject, string[], string][] = [
    ['user:bob read /a', bobOf(), [], 'allow'],
    ['user:alice read /a', bobOf(), [], 'forbidden'],
    ['group:eng read /a', bobOf(), [], 'forbidden'],
    ['group:eng read /a', bobOf('group:eng'), [], 'allow'],
    ['group:eng read /a', bobOf(), ['group:eng'], 'allow'],
    ['group:eng read /a', bobOf('group:eng'), ['group:ops'], 'allow'],
    ['group:eng read /a', bobOf('group:ops'), ['group:eng'], 'allow'],
    ['group:eng read /a', bobOf('group:eng'), ['group:eng'], 'allow'],
    ['group:dba read /a', bobOf('group:ops'), ['group:eng'], 'forbidden'],
    ['authenticated read /a', bobOf(), [], 'allow'],
    ['anyone read /a', bobOf(), [], 'allow'],
    ['authenticated read /a', NOBODY, [], 'unauthenticated'],
    ['anyone read /a', NOBODY, [], 'allow'],
    ['authenticated read /a', subjectAs(principal('authenticated')), [], 'allow'],
    ['group:eng read /a', subjectAs(principal('group:eng')), [], 'allow'],
  ];
  for (const [line, subject, stored, expected] of rows) {
    const facts = known('/a', [line], { groups: stored.map(principal), suspended: false });
    const who = `${subject.user ?? 'no user'} [${subject.groups}] + [${stored}]`;
    t.equal(await outcome(facts, ask(subject, 'read', '/a')), expected, `${line}, ${who}: ${expected}`);
  }
});

t.test('a deny of a claimed group and one of a stored group tie with the allow of the other', async (t) => {
  const facts = (line: string, other: string) =>
    known('/a', [line, other], { groups: [principal('group:stored')], suspended: false });
  const question = ask(bobOf('group:claimed'), 'read', '/a');
  const claimed = facts('group:claimed deny read /a', 'group:stored read /a');
  const stored = facts('group:claimed read /a', 'group:stored deny read /a');
  t.equal(await outcome(claimed, question), 'forbidden', 'the claimed group is denied');
  t.equal(await outcome(stored, question), 'forbidden', 'the stored group is denied');
});

t.test('without a valid credential nothing that the subject names counts', async (t) => {
  const subject = { authenticated: false, user: bob, groups: [principal('group:eng')] };
  const lines = ['user:bob read /a', 'group:eng read /a', 'group:ops read /a', 'authenticated read /a'];
  const facts = known('/a', lines, { groups: [principal('group:ops')], suspended: false });
  const policy: Policy = { administrators: new Set([bob]), home: { before: '/', after: '/' } };
  t.equal(await outcome(facts, ask(subject, 'read', '/a')), 'unauthenticated', 'no grant');
  t.equal(await outcome(facts, ask(subject, 'read', '/a'), policy), 'unauthenticated', 'no administrator');
  t.equal(
    await outcome(known('/bob/a', []), ask(subject, 'read', '/bob/a'), policy),
    'unauthenticated',
    'no home',
  );
});

// ── suspended ───────────────────────────────────────────────────────────────────────────────────────────────

t.test('a suspended user has no principal but anyone', async (t) => {
  const standing = { groups: [principal('group:stored')], suspended: true };
  const subject = bobOf('group:claimed');
  for (const who of ['user:bob', 'group:claimed', 'group:stored', 'authenticated']) {
    const facts = known('/a', [`${who} manage /a`], standing);
    t.equal(await outcome(facts, ask(subject, 'read', '/a')), 'forbidden', `an allow of ${who}`);
    const denied = known('/a', [`${who} deny read /a`, 'anyone read /'], standing);
    t.equal(
      await outcome(denied, ask(subject, 'read', '/a')),
      'allow',
      `anyone, in spite of a deny of ${who}`,
    );
  }
  t.equal(
    await outcome(known('/a', ['anyone read /'], standing), ask(subject, 'read', '/a')),
    'allow',
    'anyone',
  );
});

t.test('a suspended administrator is none, by whatever principal', async (t) => {
  const standing = { groups: [principal('group:stored')], suspended: true };
  const subject = bobOf('group:claimed');
  for (const who of ['user:bob', 'group:claimed', 'group:stored', 'authenticated']) {
    const question = ask(subject, 'read', '/a');
    t.equal(await outcome(known('/a', [], standing), question, administrators(who)), 'forbidden', who);
  }
});

t.test('a suspended user has no home', async (t) => {
  const policy: Policy = { ...NO_POLICY, home: { before: '/users/', after: '/' } };
  const question = ask(bobOf(), 'read', '/users/bob/a');
  t.equal(await outcome(known('/users/bob/a', [], SUSPENDED), question, policy), 'forbidden', 'suspended');
  t.equal(await outcome(known('/users/bob/a', [], GOOD), question, policy), 'allow', 'in good standing');
});

// ── policy ──────────────────────────────────────────────────────────────────────────────────────────────────

t.test('an administrator may do everything, be it by name, by group or by being signed in', async (t) => {
  const standing = { groups: [principal('group:stored')], suspended: false };
  for (const who of ['user:bob', 'group:claimed', 'group:stored', 'authenticated']) {
    for (const action of ACTIONS) {
      const facts = known('/a', ['user:bob deny read /a', 'group:claimed deny read /a'], standing);
      const authorizer = authorizerOver(facts, administrators('user:root', who));
      const decision = await authorizer.authorize(ask(bobOf('group:claimed'), action, '/a'));
      const reason = { kind: 'administrator', principal: principal(who) };
      t.same(decision, { outcome: 'allow', reason }, `${who}: ${action}`);
    }
  }
});

t.test('whoever is not among the administrators is none', async (t) => {
  const policy = administrators('user:alice', 'group:bob', 'group:admins', 'user:Bob', 'user:bob2');
  t.equal(await outcome(known('/a', []), ask(bobOf('group:eng'), 'read', '/a'), policy), 'forbidden', 'bob');
  t.equal(await outcome(known('/a', []), ask(NOBODY, 'read', '/a'), policy), 'unauthenticated', 'nobody');
});

t.test("a user's home is its own, and is told as the reason", async (t) => {
  const policy: Policy = { ...NO_POLICY, home: { before: '/users/', after: '/' } };
  const asked = '/users/bob/a';
  const decision = await authorizerOver(known(asked, []), policy).authorize(ask(bobOf(), 'manage', asked));
  const [own] = grants(['#0 user:bob manage /users/bob/']);
  t.same(decision, { outcome: 'allow', reason: { kind: 'grant', grant: own } }, 'bob');
  const alice = subjectAs(principal('user:alice'), [principal('group:bob')]);
  t.equal(await outcome(known(asked, []), ask(alice, 'read', asked), policy), 'forbidden', 'alice');
  t.equal(await outcome(known(asked, []), ask(bobOf(), 'read', asked)), 'forbidden', 'homes are off');
});

// ── why ─────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('an explanation tells all that the subject is, and whether it is suspended', async (t) => {
  const stored = [principal('group:stored')];
  const explained = async (subject: Subject, standing: Standing) => {
    const { principals, suspended } = await authorizerOver(known('/a', [], standing)).explain(
      ask(subject, 'read', '/a'),
    );
    return { principals, suspended };
  };
  const all = ['user:bob', 'group:claimed', 'group:stored', 'authenticated', 'anyone'];
  const rows: [string, Subject, Standing, string[]][] = [
    ['in good standing', bobOf('group:claimed'), { groups: stored, suspended: false }, all],
    ['suspended', bobOf('group:claimed'), { groups: stored, suspended: true }, ['anyone']],
    ['signed in', subjectAs(principal('authenticated')), GOOD, ['authenticated', 'anyone']],
    ['nobody', NOBODY, GOOD, ['anyone']],
  ];
  for (const [who, subject, standing, principals] of rows) {
    t.same(await explained(subject, standing), { principals, suspended: standing.suspended }, who);
  }
});

// ── in any world ────────────────────────────────────────────────────────────────────────────────────────────

t.test('in any world, at once, later and explained, a second evaluator decides the same', async (t) => {
  const property = fc.asyncProperty(worlds, async (world) => {
    const { authenticated, user, claimed, stored, suspended, action, administrators, now } = world;
    const facts = { chain: chainIn(world), standing: { groups: stored, suspended } };
    const home = world.homes ? { before: '/', after: '/' } : undefined;
    const policy: Policy = { administrators: new Set(administrators), home };
    const question = { subject: { authenticated, user, groups: claimed }, action, path: world.path };
    const atOnce = new Authorizer({ read: () => facts }, policy, () => now);
    const later = new Authorizer({ read: async () => facts }, policy, () => now);
    const explained = await atOnce.explain(question);
    const ids = explained.considered.map((one) => one.grant.id);
    const told = [await atOnce.authorize(question), await later.authorize(question), explained.decision].map(
      ({ outcome, reason }) => `${outcome} ${reason.kind === 'grant' ? reason.grant.id : reason.kind}`,
    );
    const { outcome, by } = naiveDecision(world);
    const expected = `${outcome} ${typeof by === 'string' ? by : by.id}`;
    const expectedIds = naiveOrder(world).map((one) => one.id);
    return told.every((one) => one === expected) && ids.join() === expectedIds.join();
  });
  await holds(t, property, 20_000);
});
