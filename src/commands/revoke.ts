import { andGreater } from '../acl/action.js';
import { describeGrant } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import type { AclStore } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { remaining, stillAllowed, stillRefused } from '../acl/remaining.js';
import { parseResourcePath, type ResourcePath } from '../acl/resource-path.js';
import { actionArgument, pathArgument, principalArgument } from './arguments.js';
import { type Command, DONE, flag, type Invocation } from './command.js';
import { resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: 'PRINCIPAL PATH [ACTION] [--deny]',
  summary:
    'Removes the allows of ACTION and every greater one (default: all) that a principal has on a path.',
  details: [
    'It says what still allows the principal there. It is in force when the command returns: no request that',
    'is sent after it is allowed. A download under way is not stopped.',
    ...WAIT_DETAILS,
  ],
  options: { deny: flag('remove denies, which widens what the principal may do'), ...waitOptions },
  takes: [2, 3],
  run: async (invocation) => {
    const [who, where, what] = invocation.positionals;
    const principal = principalArgument(who);
    const path = pathArgument(where);
    const actions = andGreater(what === undefined ? 'read' : actionArgument(what));
    const effect = invocation.options.deny === true ? 'deny' : 'allow';
    return withStore(invocation, async (session) => {
      const { acl, authorizer } = session;
      const { value, revision } = await acl.removeGrants({ principal, path, actions, effect });
      const rest = await remaining(authorizer, principal, path, actions);
      const lines = effect === 'allow' ? stillAllowed(rest) : stillRefused(rest);
      const removed = value.map((grant) => `revoked: ${describeGrant(grant)} (grant ${grant.id})`);
      const none = `nothing to revoke: ${principal} has no such ${effect} on ${path}`;
      const json = { removed: value.map(grantJson), revision, remaining: lines };
      await resultInForce(invocation, session, json, [...(removed.length > 0 ? removed : [none]), ...lines]);
      if (removed.length === 0) await warnOfFolder(invocation, acl, principal, path);
      return DONE;
    });
  },
};

/** `/team` where `/team/` was meant removes nothing, and whoever may read the folder still may. */
async function warnOfFolder({ output }: Invocation, acl: AclStore, principal: Principal, path: ResourcePath) {
  const folder = parseResourcePath(`${path}/`);
  if (folder === undefined) return;
  const found = (await acl.grantsOn([folder])).some((grant) => grant.principal === principal);
  if (found) output.note(`${principal} has grants on the folder: did you mean ${folder} ?`);
}
