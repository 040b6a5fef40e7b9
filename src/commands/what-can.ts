import { ACTIONS } from '../acl/action.js';
import type { Authorizer } from '../acl/authorizer.js';
import type { Decision } from '../acl/decide.js';
import { homeOf } from '../acl/policy.js';
import type { Subject } from '../acl/principal.js';
import { subjectAs } from '../acl/principal.js';
import { describeDecision } from '../acl/remaining.js';
import { type ResourcePath, ROOT } from '../acl/resource-path.js';
import { groupOptions, principalArgument } from './arguments.js';
import { type Command, DONE, type Invocation, repeated } from './command.js';
import { type Session, withStore } from './session.js';
import { table } from './table.js';

export const command: Command = {
  usage: 'PRINCIPAL [--group NAME]…',
  summary: 'Prints every path with a grant that bears on a principal, and the most that it may do there.',
  details: ['Stored groups and a suspension count by themselves.'],
  options: { group: repeated('NAME', 'a group that the credential would claim; may be given several times') },
  takes: [1, 1],
  run: async (invocation) => {
    const principal = principalArgument(invocation.positionals[0]);
    const subject = subjectAs(principal, groupOptions(invocation.options));
    return withStore(invocation, async (session) => {
      const paths = [];
      for (const path of await pathsOf(session, invocation, subject)) {
        paths.push({ path, ...(await mostOn(session.authorizer, subject, path)) });
      }
      const rows = paths.map(({ path, may, reason }) => [path, may, reason]);
      const none = [`No grant bears on ${principal}.`];
      invocation.output.result(
        { principal, paths },
        rows.length > 0 ? table(['path', 'may', 'by'], rows) : none,
      );
      return DONE;
    });
  },
};

async function pathsOf(
  { acl, authorizer }: Session,
  { config }: Invocation,
  subject: Subject,
): Promise<readonly ResourcePath[]> {
  const { principals, decision } = await authorizer.explain({ subject, action: 'read', path: ROOT });
  const found = new Set((await acl.grantsOf(principals)).map((grant) => grant.path));
  if (decision.reason.kind === 'administrator') found.add(ROOT);
  if (config.home !== undefined && subject.user !== undefined && principals.includes(subject.user)) {
    const home = homeOf(config.home, subject.user);
    if (home !== undefined) found.add(home);
  }
  return [...found].sort();
}

async function mostOn(authorizer: Authorizer, subject: Subject, path: ResourcePath) {
  let last: Decision | undefined;
  for (const action of ACTIONS.toReversed()) {
    const { decision } = await authorizer.explain({ subject, action, path });
    if (decision.outcome === 'allow') return { may: action, reason: describeDecision(decision) };
    last = decision;
  }
  return { may: 'nothing', reason: last === undefined ? '' : describeDecision(last) };
}
