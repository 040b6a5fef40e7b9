import { userArgument } from './arguments.js';
import { type Command, DONE } from './command.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: 'USER',
  summary: 'Leaves a user no principal but anyone: no grant to the user, a group or authenticated counts.',
  details: ['A USER is alice or user:alice.'],
  takes: [1, 1],
  run: async (invocation) => {
    const user = userArgument(invocation.positionals[0]);
    return withStore(invocation, async ({ acl }) => {
      const { value, revision } = await acl.suspend(user);
      invocation.output.result({ user, changed: value, revision }, [
        value ? `suspended: ${user}` : `${user} was suspended already`,
      ]);
      return DONE;
    });
  },
};
