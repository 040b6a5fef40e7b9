import { groupArgument, userArgument } from './arguments.js';
import { type Command, DONE, type ExitCode, type Invocation, UsageError } from './command.js';
import { refuseNoWait, resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withStore } from './session.js';

const USAGE = 'add GROUP USER | remove GROUP USER | list [GROUP]';

export const command: Command = {
  usage: USAGE,
  summary:
    'Stored groups. A membership that ends here ends at once; one that a token claims lasts as long as it.',
  details: [
    'add, remove  where nothing has to be done, that is said, and the exit code is 0',
    'list         every stored group with its users, or one',
    'A GROUP is eng or group:eng, a USER is alice or user:alice.',
    ...WAIT_DETAILS,
  ],
  options: waitOptions,
  takes: [1, 3],
  run: async (invocation) => {
    const [verb, ...rest] = invocation.positionals;
    if (verb === 'list' && rest.length <= 1) return list(invocation, rest[0]);
    if ((verb === 'add' || verb === 'remove') && rest.length === 2) return change(invocation, verb, rest);
    throw new UsageError(`the usage is: latchkey group ${USAGE}`);
  },
};

async function list(invocation: Invocation, name: string | undefined): Promise<ExitCode> {
  refuseNoWait(invocation, 'group list');
  const group = name === undefined ? undefined : groupArgument(name);
  return withStore(invocation, async ({ acl }) => {
    const groups = await acl.groups(group);
    const lines = groups.map((listing) => `${listing.group}: ${listing.users.join(', ')}`);
    invocation.output.result({ groups }, lines.length > 0 ? lines : ['There is no such stored group.']);
    return DONE;
  });
}

async function change(
  invocation: Invocation,
  verb: 'add' | 'remove',
  [groupName, userName]: readonly string[],
): Promise<ExitCode> {
  const group = groupArgument(groupName);
  const user = userArgument(userName);
  return withStore(invocation, async (session) => {
    const { acl } = session;
    const { value, revision } = await (verb === 'add'
      ? acl.addMember(group, user)
      : acl.removeMember(group, user));
    const done = verb === 'add' ? `added: ${user} to ${group}` : `removed: ${user} from ${group}`;
    const same = verb === 'add' ? `${user} was in ${group} already` : `${user} was not in ${group}`;
    // A new member may no longer what the group is denied.
    await resultInForce(invocation, session, { group, user, changed: value, revision }, [
      value ? done : same,
    ]);
    return DONE;
  });
}
