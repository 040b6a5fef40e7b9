import { setTimeout as wait } from 'node:timers/promises';
import { formatInstant } from '../acl/instant.js';
import type { Principal } from '../acl/principal.js';
import { userArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  type Invocation,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withStore } from './session.js';

const USAGE = 'USER | --token ID';
/** As the authorizer reads a `jti`. */
const TOKEN_ID_LENGTH_MAX = 255;
const SECOND_MS = 1_000;

export const command: Command = {
  usage: USAGE,
  summary: 'Ends every access token and session that a user has now, or one token.',
  details: [
    'It is in force when the command returns. A USER is alice or user:alice, with the prefix that grants have.',
    'The time of issue in a token (iat) has whole seconds, so the running one counts as before, and the command',
    'returns when it is over: a token that is issued after that is good. From then on tokens of this user need',
    'an iat, and it may not be in the future. API keys go on: see latchkey key revoke. To keep somebody out,',
    'see latchkey suspend.',
    ...WAIT_DETAILS,
  ],
  options: { token: valued('ID', 'ends the one token with this id (jti), and no other'), ...waitOptions },
  takes: [0, 1],
  run: async (invocation) => {
    const [user] = invocation.positionals;
    const id = textOption(invocation.options, 'token');
    if ((user === undefined) === (id === undefined)) {
      throw new UsageError(`the usage is: latchkey sign-out ${USAGE}`);
    }
    return id === undefined ? signOut(invocation, userArgument(user)) : endToken(invocation, tokenId(id));
  },
};

async function signOut(invocation: Invocation, user: Principal): Promise<ExitCode> {
  return withStore(invocation, async (session) => {
    const at = Date.now();
    const { revision } = await session.credentials.signOut(user, at);
    await wait(SECOND_MS - (at % SECOND_MS));
    const signedOutAt = formatInstant(at);
    await resultInForce(invocation, session, { user, signedOutAt, revision }, [
      `signed out: ${user}, at ${signedOutAt}`,
    ]);
    return DONE;
  });
}

async function endToken(invocation: Invocation, id: string): Promise<ExitCode> {
  return withStore(invocation, async (session) => {
    const at = Date.now();
    const { revision } = await session.credentials.endToken(id, at);
    await resultInForce(invocation, session, { token: id, endedAt: formatInstant(at), revision }, [
      `ended: the token ${id}`,
    ]);
    return DONE;
  });
}

function tokenId(text: string): string {
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) {
    throw new UsageError("--token takes a token's id, its claim jti, and not the token");
  }
  if (text !== '' && text.length <= TOKEN_ID_LENGTH_MAX) return text;
  throw new UsageError(`--token takes an id of 1 to ${TOKEN_ID_LENGTH_MAX} characters`);
}
