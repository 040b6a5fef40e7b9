import { type Command, UsageError, valued } from './command.js';
import { REVOKE_SIGNED_USAGE, revokeSigned, revokeSignedOptions } from './link-revoke-signed.js';
import { SIGN_USAGE, sign, signOptions } from './link-sign.js';

const USAGE = `${SIGN_USAGE} | ${REVOKE_SIGNED_USAGE}`;

export const command: Command = {
  usage: USAGE,
  summary: 'Signed URLs: links that any back end computes with a key, and that can be taken back.',
  details: [
    'sign    prints a URL that opens a file for whoever has it, until it ends or is revoked',
    'revoke  is in force when the command returns. docs/links.md has signers in other languages',
  ],
  options: {
    for: valued('DURATION', 'how long it is good, such as 90s, 30m, 8h or 7d; default 1h'),
    ...signOptions,
    ...revokeSignedOptions,
  },
  takes: [1, 2],
  run: async (invocation) => {
    const [verb, subject, ...rest] = invocation.positionals;
    if (verb === 'sign' && subject !== undefined && rest.length === 0) return sign(invocation, subject);
    if (verb === 'revoke' && subject === undefined) return revokeSigned(invocation);
    throw new UsageError(`the usage is: latchkey link ${USAGE}`);
  },
};
