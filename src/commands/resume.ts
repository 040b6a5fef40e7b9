import { userArgument } from './arguments.js';
import { type Command, DONE } from './command.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: 'USER',
  summary: 'Ends a suspension: the grants count again as they stand.',
  details: [
    'A USER is alice or user:alice. With PostgreSQL it waits for nobody: it only widens what the user may.',
  ],
  takes: [1, 1],
  run: async (invocation) => {
    const user = userArgument(invocation.positionals[0]);
    return withStore(invocation, async ({ acl }) => {
      const { value, revision } = await acl.resume(user);
      invocation.output.result({ user, changed: value, revision }, [
        value ? `resumed: ${user}` : `${user} was not suspended`,
      ]);
      return DONE;
    });
  },
};
