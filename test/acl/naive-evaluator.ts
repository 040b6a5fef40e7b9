/**
 * A second evaluator of DESIGN §5, as slow and as literal as can be: take every grant that bears on the path,
 * keep those that speak, sort them by the four rules, take the first. It shares no code with src, only types.
 */

import type { Action } from '../../src/acl/action.js';
import type { Outcome } from '../../src/acl/decide.js';
import type { Grant } from '../../src/acl/grant.js';
import type { Principal } from '../../src/acl/principal.js';
import type { ResourcePath } from '../../src/acl/resource-path.js';

/** All that a decision depends on. */
export interface World {
  readonly path: ResourcePath;
  readonly action: Action;
  readonly now: number;
  readonly authenticated: boolean;
  readonly user: Principal | undefined;
  readonly claimed: readonly Principal[];
  readonly stored: readonly Principal[];
  readonly suspended: boolean;
  readonly administrators: readonly Principal[];
  /** Whether a user's home is `/{user}/`. */
  readonly homes: boolean;
  readonly grants: readonly Grant[];
  /** Of the file at the path; folders have none. */
  readonly expiresAt: number | undefined;
}

export interface NaiveDecision {
  readonly outcome: Outcome;
  /** The grant that decided, or else what did. */
  readonly by: Grant | 'administrator' | 'no-grant' | 'file-expired';
}

/** What an allow and a deny of each action have something to say about. */
const ALLOW_SPEAKS_FOR = { read: ['read'], write: ['read', 'write'], manage: ['read', 'write', 'manage'] };
const DENY_SPEAKS_FOR = { read: ['read', 'write', 'manage'], write: ['write', 'manage'], manage: ['manage'] };
const KINDS = ['user', 'group', 'authenticated', 'anyone'];

export function naiveDecision(world: World): NaiveDecision {
  if (naiveAdministrator(world) !== undefined) return { outcome: 'allow', by: 'administrator' };
  const no = world.authenticated ? 'forbidden' : 'unauthenticated';
  const isOver = world.now >= (world.expiresAt ?? Number.POSITIVE_INFINITY);
  if (isOver && world.action === 'read') return { outcome: no, by: 'file-expired' };
  const decider = naiveOrder(world).find((grant) => naiveReasons(world, grant).length === 0);
  if (decider === undefined) return { outcome: no, by: 'no-grant' };
  return { outcome: decider.effect === 'allow' ? 'allow' : no, by: decider };
}

/** The principals of the request. */
export function naivePrincipals(world: World): Principal[] {
  const anyone = 'anyone' as Principal;
  if (!world.authenticated || world.suspended) return [anyone];
  const user = world.user === undefined ? [] : [world.user];
  return [...user, ...world.claimed, ...world.stored, 'authenticated' as Principal, anyone];
}

export function naiveAdministrator(world: World): Principal | undefined {
  return naivePrincipals(world).find((principal) => world.administrators.includes(principal));
}

/** The user's own grant on its home: none for an id that is not one segment. */
export function naiveHome(world: World): Grant[] {
  const user = naivePrincipals(world).find((principal) => principal.startsWith('user:'));
  const id = user?.slice('user:'.length) ?? '';
  if (!world.homes || user === undefined || id.includes('/') || id === '.' || id === '..') return [];
  const path = `/${id}/` as ResourcePath;
  const always = { notBefore: undefined, expiresAt: undefined };
  return [{ id: 0, principal: user, path, action: 'manage', effect: 'allow', ...always }];
}

/** Every grant that bears on the path, in the order of the four rules. */
export function naiveOrder(world: World): Grant[] {
  return [...naiveHome(world), ...world.grants]
    .filter((grant) => distance(world, grant) !== undefined)
    .sort((a, b) => compare(rank(world, a), rank(world, b)));
}

/** Every reason for which a grant does not speak. */
export function naiveReasons(world: World, grant: Grant): string[] {
  const reasons = [];
  if (!naivePrincipals(world).includes(grant.principal)) reasons.push('other-principal');
  if (world.now < (grant.notBefore ?? Number.NEGATIVE_INFINITY)) reasons.push('not-yet');
  if (world.now >= (grant.expiresAt ?? Number.POSITIVE_INFINITY)) reasons.push('expired');
  const allows = grant.effect === 'allow';
  const speaksFor = allows ? ALLOW_SPEAKS_FOR[grant.action] : DENY_SPEAKS_FOR[grant.action];
  if (!speaksFor.includes(world.action)) reasons.push(allows ? 'allows-less' : 'denies-more');
  return reasons;
}

function rank(world: World, grant: Grant): number[] {
  const kind = KINDS.indexOf(grant.principal.replace(/:.*/s, ''));
  return [distance(world, grant) ?? Number.NaN, kind, grant.effect === 'deny' ? 0 : 1, grant.id];
}

/** How many segments the path goes below the grant's: 0 on the path itself, none when it is not below. */
function distance(world: World, grant: Grant): number | undefined {
  if (world.path === grant.path) return 0;
  if (!grant.path.endsWith('/') || !world.path.startsWith(grant.path)) return undefined;
  return world.path.slice(grant.path.length).replace(/\/$/, '').split('/').length;
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, i) => value - (b[i] ?? Number.NaN)).find((difference) => difference !== 0) ?? 0;
}
