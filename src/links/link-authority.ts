/**
 * Whether what allowed a link still does. A link ends with its maker's standing and with the grant by which the maker
 * had `manage`: it is never more than what its maker could hand on today. It decides by the same core as everybody.
 */

import type { Authorizer, Clock } from '../acl/authorizer.js';
import { type PathFacts, silence } from '../acl/decide.js';
import type { FactsReader, Standing } from '../acl/ports.js';
import { ANYONE, AUTHENTICATED, type Principal, type Subject } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { LinkAuthority, ShareLink } from '../acl/share-link.js';

export interface AuthorityDeps {
  readonly facts: FactsReader;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
}

/** Whether the link's maker may still give it. The operator's links stand by themselves. @throws NotKnown */
export async function authorityStands(deps: AuthorityDeps, { path, authority }: ShareLink): Promise<boolean> {
  const { maker, grantId } = authority;
  if (maker === undefined) return true;
  const { chain, standing } = await deps.facts.read(path, maker);
  if (standing.suspended) return false;
  if (grantId !== undefined) {
    const principals = principalsOf(maker, authority, standing);
    if (!speaks(grantId, chain, principals, deps.clock())) return false;
  }
  const question = { subject: makerOf(maker, authority), action: 'manage', path } as const;
  return (await deps.authorizer.authorize(question)).outcome === 'allow';
}

/** Whether the maker may do there what the link is for: what is denied to the maker is denied to the link. @throws NotKnown */
export async function authorityReaches(
  deps: AuthorityDeps,
  { kind, authority }: ShareLink,
  path: ResourcePath,
): Promise<boolean> {
  const { maker } = authority;
  if (maker === undefined) return true;
  const action = kind === 'upload' ? 'write' : 'read';
  const question = { subject: makerOf(maker, authority), action, path } as const;
  return (await deps.authorizer.authorize(question)).outcome === 'allow';
}

function makerOf(user: Principal, { makerGroups }: LinkAuthority): Subject {
  return { authenticated: true, user, groups: makerGroups };
}

function principalsOf(maker: Principal, { makerGroups }: LinkAuthority, { groups }: Standing) {
  return [maker, ...makerGroups, ...groups, AUTHENTICATED, ANYONE];
}

/** Whether that very grant is on the chain, for one of these, and gives `manage` now. */
function speaks(id: number, chain: readonly PathFacts[], principals: readonly Principal[], now: number) {
  return chain.some(({ grants }) =>
    principals.some((principal) =>
      grants
        .get(principal)
        ?.some(
          (grant) =>
            grant.id === id && grant.effect === 'allow' && silence(grant, 'manage', now) === undefined,
        ),
    ),
  );
}
