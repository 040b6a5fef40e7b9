import { homeOwner } from '../acl/policy.js';
import type { AclStore } from '../acl/ports.js';
import { isGroup, type Principal, subjectAs } from '../acl/principal.js';
import { describeDecision } from '../acl/remaining.js';
import { pathChain, type ResourcePath } from '../acl/resource-path.js';
import { policyOf } from '../assembly/foundations.js';
import type { Config } from '../config.js';
import { actionArgument, pathArgument } from './arguments.js';
import { type Command, DONE } from './command.js';
import { withStore } from './session.js';
import { table } from './table.js';

export const command: Command = {
  usage: 'ACTION PATH',
  summary: 'Prints who may do this on a path, each with what allows it.',
  details: [
    'Users are those with a grant of their own there, the members of stored groups, the owner of the home, and',
    'administrators. Who is in a group by a token alone is not known here: the group itself is printed.',
  ],
  takes: [2, 2],
  run: async (invocation) => {
    const action = actionArgument(invocation.positionals[0]);
    const path = pathArgument(invocation.positionals[1]);
    return withStore(invocation, async ({ acl, authorizer }) => {
      const allowed = [];
      for (const principal of await candidates(acl, invocation.config, path)) {
        const { decision } = await authorizer.explain({ subject: subjectAs(principal), action, path });
        if (decision.outcome === 'allow') allowed.push({ principal, reason: describeDecision(decision) });
      }
      const rows = allowed.map(({ principal, reason }) => [principal, reason]);
      const none = [`Nobody may ${action} ${path}.`];
      invocation.output.result({ allowed }, rows.length > 0 ? table(['who', 'by'], rows) : none);
      return DONE;
    });
  },
};

/** Everybody of whom the store or the configuration knows anything that bears on the path. */
async function candidates(acl: AclStore, config: Config, path: ResourcePath): Promise<readonly Principal[]> {
  const found = new Set<Principal>(config.administrators);
  for (const grant of await acl.grantsOn(pathChain(path))) found.add(grant.principal);
  const owner = homeOwner(policyOf(config), path);
  if (owner !== undefined) found.add(owner);
  for (const group of [...found].filter(isGroup)) {
    for (const { users } of await acl.groups(group)) for (const user of users) found.add(user);
  }
  return [...found].sort();
}
