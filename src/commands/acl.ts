import { inOrder } from '../acl/decide.js';
import { grantJson } from '../acl/grant-json.js';
import { formatInstant } from '../acl/instant.js';
import { pathChain } from '../acl/resource-path.js';
import { pathArgument } from './arguments.js';
import { type Command, DONE } from './command.js';
import { withStore } from './session.js';
import { table } from './table.js';

export const command: Command = {
  usage: 'PATH',
  summary: 'Prints the grants that bear on a path: its own and those of the folders above it, nearest first.',
  details: ['What each of them means for one principal is what explain tells.'],
  takes: [1, 1],
  run: async (invocation) => {
    const path = pathArgument(invocation.positionals[0]);
    return withStore(invocation, async ({ acl }) => {
      const grants = [];
      for (const level of pathChain(path)) grants.push(...[...(await acl.grantsOn([level]))].sort(inOrder));
      const rows = grants.map((grant) => [
        grant.path,
        grant.principal,
        `${grant.effect} ${grant.action}`,
        String(grant.id),
        grant.notBefore === undefined ? '' : formatInstant(grant.notBefore),
        grant.expiresAt === undefined ? '' : formatInstant(grant.expiresAt),
      ]);
      const lines =
        rows.length === 0
          ? ['There is no grant on this path, nor on any folder above it.']
          : table(['path', 'principal', 'grant', 'id', 'from', 'until'], rows);
      invocation.output.result({ grants: grants.map(grantJson) }, lines);
      return DONE;
    });
  },
};
