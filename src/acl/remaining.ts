/**
 * What a principal may still do on a path, action by action: what `grant` and `revoke` say after they have
 * written, so that nobody takes 'removed' for 'refused' (DESIGN §5).
 */

import type { Action } from './action.js';
import type { Authorizer } from './authorizer.js';
import type { Decision } from './decide.js';
import { describeGrant } from './grant.js';
import { formatInstant } from './instant.js';
import { type Principal, subjectAs } from './principal.js';
import type { ResourcePath } from './resource-path.js';

export interface Remaining {
  readonly action: Action;
  readonly decision: Decision;
}

export async function remaining(
  authorizer: Authorizer,
  principal: Principal,
  path: ResourcePath,
  actions: readonly Action[],
): Promise<readonly Remaining[]> {
  const subject = subjectAs(principal);
  const all: Remaining[] = [];
  for (const action of actions) {
    const { decision } = await authorizer.explain({ subject, action, path });
    all.push({ action, decision });
  }
  return all;
}

const ADJECTIVES: Readonly<Record<Action, string>> = {
  read: 'readable',
  write: 'writable',
  manage: 'manageable',
};

/** `still readable: group:eng read /team/`: one line for each action that is still allowed. */
export function stillAllowed(all: readonly Remaining[]): readonly string[] {
  return all
    .filter(({ decision }) => decision.outcome === 'allow')
    .map(({ action, decision }) => `still ${ADJECTIVES[action]}: ${describeDecision(decision)}`);
}

/** `still not readable: group:eng deny read /team/`: one line for each action that is still refused. */
export function stillRefused(all: readonly Remaining[]): readonly string[] {
  return all
    .filter(({ decision }) => decision.outcome !== 'allow')
    .map(({ action, decision }) => `still not ${ADJECTIVES[action]}: ${describeDecision(decision)}`);
}

/** What decided, in words. */
export function describeDecision({ reason }: Decision): string {
  switch (reason.kind) {
    case 'grant':
      return describeGrant(reason.grant);
    case 'administrator':
      return `${reason.principal} is an administrator`;
    case 'no-grant':
      return 'no grant speaks';
    case 'file-expired':
      return `the file has expired, ${formatInstant(reason.expiresAt)}`;
    case 'refused-path':
      return 'no legitimate path';
    case 'out-of-scope':
      return 'the credential is limited to less';
    case 'signed-url':
      return `the signed URL ${reason.id} of the key ${reason.keyId}`;
    case 'share-link':
      return `the share link ${reason.id}`;
    default:
      return reason satisfies never;
  }
}
