/** A grant: principal + resource path + action + effect, within an optional window of time (DESIGN §1). */

import type { Action } from './action.js';
import type { Principal } from './principal.js';
import type { ResourcePath } from './resource-path.js';

export const EFFECTS = ['allow', 'deny'] as const;
export type Effect = (typeof EFFECTS)[number];

/** A grant to be. There is one effect for each (principal, path, action): setting it again replaces it. */
export interface GrantDraft {
  readonly principal: Principal;
  readonly path: ResourcePath;
  readonly action: Action;
  readonly effect: Effect;
  /** UTC milliseconds, inclusive. */
  readonly notBefore: number | undefined;
  /** UTC milliseconds, exclusive. */
  readonly expiresAt: number | undefined;
}

export interface Grant extends GrantDraft {
  /** Given by the store and never given again. 0 is a built-in grant, stored nowhere. */
  readonly id: number;
}

export const BUILT_IN_ID = 0;

/** What it was made of: its id is the store's. */
export function draftOf({ id: _, ...draft }: Grant): GrantDraft {
  return draft;
}

export function parseEffect(text: string): Effect | undefined {
  return EFFECTS.find((effect) => effect === text);
}

/** Why a window of time is none, as a clause for an error message. */
export function windowProblem(
  notBefore: number | undefined,
  expiresAt: number | undefined,
): string | undefined {
  if (notBefore === undefined || expiresAt === undefined || notBefore < expiresAt) return undefined;
  return 'it ends before it begins';
}

/** `user:bob read /team/` and, for a deny, `user:bob deny read /team/`: how a grant is told in one line. */
export function describeGrant(grant: GrantDraft): string {
  const effect = grant.effect === 'deny' ? 'deny ' : '';
  return `${grant.principal} ${effect}${grant.action} ${grant.path}`;
}

/**
 * Whether setting it can take a right away: by denying, or by putting a window in the place of what had none, or another
 * one. An allow without one covers whatever it replaces.
 */
export function mayTakeAway({ effect, notBefore, expiresAt }: GrantDraft): boolean {
  return effect === 'deny' || notBefore !== undefined || expiresAt !== undefined;
}
