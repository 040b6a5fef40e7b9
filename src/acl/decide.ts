/**
 * Who may: the decision of DESIGN §5, pure, total and synchronous.
 *
 * `decide` finds the grant that decides; `explain` lists every grant with what became of it. Both stand on
 * `silence`, so that what is explained is what was decided. Time, facts and policy are passed in.
 */

import { type Action, includes } from './action.js';
import { BUILT_IN_ID, type Grant } from './grant.js';
import { type Principal, specificity } from './principal.js';
import type { ResourcePath } from './resource-path.js';

/** The grants on one path, by principal. */
export type GrantIndex = ReadonlyMap<Principal, readonly Grant[]>;

/** What the store knows about one path of the chain. */
export interface PathFacts {
  readonly path: ResourcePath;
  readonly grants: GrantIndex;
  /** Of a file: from when on it is not read any more. UTC milliseconds. */
  readonly expiresAt?: number | undefined;
}

export interface DecisionRequest {
  /** A valid credential came with the request. It only tells 401 from 403. */
  readonly authenticated: boolean;
  /** The credential does not reach this far: its bearer is `anyone` here. */
  readonly outOfScope?: boolean;
  /** The principals of the request in four tiers: user, groups, authenticated, anyone. */
  readonly tiers: readonly (readonly Principal[])[];
  /** The principal that makes this request an administrator's. */
  readonly administrator: Principal | undefined;
  /** Grants that are not stored, such as a user's home. */
  readonly builtIn: readonly Grant[];
  readonly action: Action;
}

export type Outcome = 'allow' | 'unauthenticated' | 'forbidden';

export type Reason =
  | { readonly kind: 'grant'; readonly grant: Grant }
  | { readonly kind: 'administrator'; readonly principal: Principal }
  | { readonly kind: 'no-grant' }
  /** The file has ended, whatever grants say; to write there is decided as ever. */
  | { readonly kind: 'file-expired'; readonly expiresAt: number }
  | { readonly kind: 'refused-path' }
  // The credential is limited to another path or a lesser action; without it the user might.
  | { readonly kind: 'out-of-scope' }
  | { readonly kind: 'signed-url'; readonly id: string; readonly keyId: string }
  | { readonly kind: 'share-link'; readonly id: string };

export interface Decision {
  readonly outcome: Outcome;
  readonly reason: Reason;
}

/** Why a grant does not speak. `undefined` is: it speaks. */
export type Silence = 'not-yet' | 'expired' | 'allows-less' | 'denies-more';

const NO_GRANT: Reason = Object.freeze({ kind: 'no-grant' });
const OUT_OF_SCOPE: Reason = Object.freeze({ kind: 'out-of-scope' });

/**
 * Decides one request.
 *
 * @param chain the path asked for and every folder above it, nearest first
 * @param now UTC milliseconds
 */
export function decide(request: DecisionRequest, chain: readonly PathFacts[], now: number): Decision {
  if (request.administrator !== undefined) {
    return { outcome: 'allow', reason: { kind: 'administrator', principal: request.administrator } };
  }
  const ended = request.action === 'read' ? fileExpired(chain, now) : undefined;
  if (ended !== undefined) return { outcome: refusal(request.authenticated), reason: ended };
  for (const level of chain) {
    const grant = decidingOn(level, request, now);
    if (grant !== undefined) {
      const outcome = grant.effect === 'allow' ? 'allow' : refusal(request.authenticated);
      return { outcome, reason: { kind: 'grant', grant } };
    }
  }
  const reason = request.outOfScope === true ? OUT_OF_SCOPE : NO_GRANT;
  return { outcome: refusal(request.authenticated), reason };
}

/** Only the path asked for can be a file: an expiry is its own, and nothing below it is there. */
export function fileExpired(chain: readonly PathFacts[], now: number): Reason | undefined {
  const expiresAt = chain[0]?.expiresAt;
  return expiresAt === undefined || now < expiresAt ? undefined : { kind: 'file-expired', expiresAt };
}

/** Every no without a valid credential is 401, every other one 403. */
export function refusal(authenticated: boolean): 'unauthenticated' | 'forbidden' {
  return authenticated ? 'forbidden' : 'unauthenticated';
}

/** Rules 2 to 4 on one path: the most specific tier that speaks, in it deny before allow, then the lowest id. */
function decidingOn(level: PathFacts, request: DecisionRequest, now: number): Grant | undefined {
  if (level.grants.size === 0 && request.builtIn.length === 0) return undefined;
  for (const tier of request.tiers) {
    let best: Grant | undefined;
    for (const principal of tier) {
      const stored = level.grants.get(principal);
      if (stored !== undefined) best = bestOf(best, stored, request.action, now);
    }
    for (const grant of request.builtIn) {
      if (grant.path !== level.path || !tier.includes(grant.principal)) continue;
      if (silence(grant, request.action, now) === undefined) best = better(best, grant);
    }
    if (best !== undefined) return best;
  }
  return undefined;
}

function bestOf(best: Grant | undefined, grants: readonly Grant[], action: Action, now: number) {
  let found = best;
  for (const grant of grants) {
    if (silence(grant, action, now) === undefined) found = better(found, grant);
  }
  return found;
}

function better(a: Grant | undefined, b: Grant): Grant {
  if (a === undefined) return b;
  if (a.effect !== b.effect) return a.effect === 'deny' ? a : b;
  return a.id <= b.id ? a : b;
}

/** Why `grant` says nothing about `action` now; `undefined` when it speaks. Its principal is not looked at. */
export function silence(grant: Grant, action: Action, now: number): Silence | undefined {
  if (grant.notBefore !== undefined && now < grant.notBefore) return 'not-yet';
  if (grant.expiresAt !== undefined && now >= grant.expiresAt) return 'expired';
  // An allow of A speaks for A and every lesser action; a deny of A for A and every greater one.
  if (grant.effect === 'allow') return includes(grant.action, action) ? undefined : 'allows-less';
  return includes(action, grant.action) ? undefined : 'denies-more';
}

/** What became of one grant in a decision. */
export type Verdict = 'decides' | 'outranked' | 'other-principal' | Silence;

export interface ExplainedGrant {
  readonly grant: Grant;
  readonly verdict: Verdict;
}

export interface Explanation {
  readonly decision: Decision;
  /** Every grant on the chain in the order in which it was considered. */
  readonly considered: readonly ExplainedGrant[];
}

/** The same decision, with every grant on the chain and what became of it. */
export function explain(request: DecisionRequest, chain: readonly PathFacts[], now: number): Explanation {
  const decision = decide(request, chain, now);
  const decider = decision.reason.kind === 'grant' ? decision.reason.grant : undefined;
  const considered = chain.flatMap((level) =>
    grantsOn(level, request).map((grant) => ({ grant, verdict: verdictOf(grant, decider, request, now) })),
  );
  return { decision, considered };
}

function grantsOn(level: PathFacts, request: DecisionRequest): Grant[] {
  const builtIn = request.builtIn.filter((grant) => grant.path === level.path);
  return [...builtIn, ...[...level.grants.values()].flat()].sort(inOrder);
}

/** The order of DESIGN §5 among the grants on one path; the principal's name only makes it stable to read. */
export function inOrder(a: Grant, b: Grant): number {
  return (
    specificity(a.principal) - specificity(b.principal) ||
    Number(b.effect === 'deny') - Number(a.effect === 'deny') ||
    a.id - b.id
  );
}

function verdictOf(grant: Grant, decider: Grant | undefined, request: DecisionRequest, now: number): Verdict {
  if (grant === decider) return 'decides';
  const asked = request.tiers.some((tier) => tier.includes(grant.principal));
  if (!asked) return 'other-principal';
  return silence(grant, request.action, now) ?? 'outranked';
}

export function isBuiltIn(grant: Grant): boolean {
  return grant.id === BUILT_IN_ID;
}
