/**
 * Small worlds for property tests of decisions: two users, two groups, few paths, five instants, so that grants
 * meet on one path, tie and shadow each other all the time. Owns the generator, decides nothing.
 */

import fc from 'fast-check';
import { ACTIONS } from '../../src/acl/action.js';
import type { DecisionRequest } from '../../src/acl/decide.js';
import { EFFECTS } from '../../src/acl/grant.js';
import { chainOf, path, principal } from './given.js';
import { naiveAdministrator, naiveHome, naivePrincipals, type World } from './naive-evaluator.js';

/** `user:a/b` is no segment, so that it has no home; groups share names with users. */
const USERS = ['user:a', 'user:b', 'user:a/b'].map(principal);
const GROUPS = ['group:a', 'group:b'].map(principal);
const NAMED = [...USERS, ...GROUPS];
const EVERYBODY = [...NAMED, principal('authenticated'), principal('anyone')];
const INSTANTS = [0, 1, 2, 3, 4];
const ALWAYS = [undefined, undefined, undefined, undefined, undefined];

const asked = fc
  .tuple(fc.array(fc.constantFrom('a', 'b'), { maxLength: 4 }), fc.constantFrom('', '/'))
  .map(([names, end]) => (names.length === 0 ? '/' : `/${names.join('/')}${end}`));

const windowEnd = fc.constantFrom(...ALWAYS, ...INSTANTS);
const seed = fc.record({
  /** On the path asked (0), so many folders above it, or beside it. */
  level: fc.nat({ max: 6 }),
  principal: fc.constantFrom(...EVERYBODY),
  action: fc.constantFrom(...ACTIONS),
  effect: fc.constantFrom(...EFFECTS),
  notBefore: windowEnd,
  expiresAt: windowEnd,
});

export const worlds: fc.Arbitrary<World> = fc
  .record({
    asked,
    seeds: fc.array(seed, { maxLength: 10 }),
    idOffset: fc.nat({ max: 10 }),
    action: fc.constantFrom(...ACTIONS),
    now: fc.constantFrom(...INSTANTS),
    authenticated: fc.constantFrom(true, true, true, false),
    user: fc.constantFrom(...USERS, undefined),
    claimed: fc.subarray(GROUPS),
    stored: fc.subarray(GROUPS),
    suspended: fc.constantFrom(false, false, false, true),
    administrators: fc.oneof(
      { weight: 7, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray([...NAMED, principal('authenticated')], { maxLength: 2 }) },
    ),
    homes: fc.boolean(),
    expiresAt: windowEnd,
  })
  .map(({ asked, seeds, idOffset, ...world }) => ({
    ...world,
    path: path(asked),
    // Seven and eleven have no common divisor: ids are unique, and do not follow the order of the grants.
    grants: seeds.map(({ level, ...draft }, i) => ({
      ...draft,
      id: ((i * 7 + idOffset) % 11) + 1,
      path: path(levelOf(asked, level)),
    })),
  }));

function levelOf(asked: string, level: number): string {
  const folders = asked.split('/').map((_, i, names) => `${names.slice(0, i).join('/')}/`);
  const chain = [...new Set([asked, ...folders.slice(1).reverse()])];
  const other = asked.endsWith('/') ? `${asked}c` : `${asked}/`;
  const beside = [other, `${asked}b`, '/ab/'];
  return [...chain, ...beside][level] ?? '/a/';
}

/** The request that the world makes of `decide`, its principals in tiers. */
export function requestIn(world: World): DecisionRequest {
  const principals = naivePrincipals(world);
  const tier = (kind: RegExp) => principals.filter((one) => kind.test(one));
  return {
    authenticated: world.authenticated,
    tiers: [tier(/^user:/), tier(/^group:/), tier(/^authenticated$/), tier(/^anyone$/)],
    administrator: naiveAdministrator(world),
    builtIn: naiveHome(world),
    action: world.action,
  };
}

/** The chain of the world, with the expiry of the path asked for. */
export function chainIn(world: World) {
  return chainOf(world.path, world.grants).map((level, i) =>
    i === 0 ? { ...level, expiresAt: world.expiresAt } : level,
  );
}
