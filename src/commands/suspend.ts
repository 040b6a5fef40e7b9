import { userArgument } from './arguments.js';
import { type Command, DONE } from './command.js';
import { resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: 'USER',
  summary: 'Leaves a user no principal but anyone: no grant to the user, a group or authenticated counts.',
  details: ['A USER is alice or user:alice.', ...WAIT_DETAILS],
  options: waitOptions,
  takes: [1, 1],
  run: async (invocation) => {
    const user = userArgument(invocation.positionals[0]);
    return withStore(invocation, async (session) => {
      const { value, revision } = await session.acl.suspend(user);
      await resultInForce(invocation, session, { user, changed: value, revision }, [
        value ? `suspended: ${user}` : `${user} was suspended already`,
      ]);
      return DONE;
    });
  },
};
