import { randomUUID } from 'node:crypto';
import { nameOfPrincipal } from '../acl/principal.js';
import { signingSecretsOf } from '../assembly/secrets.js';
import { signToken } from '../credentials/sign-token.js';
import { enterDataFolder } from '../host/data-folder.js';
import { endOf, groupOptions, userArgument } from './arguments.js';
import { type Command, DONE, repeated, textOption, UsageError, valued } from './command.js';

const LASTING = '1h';
const FOREIGN_KEYS =
  'access tokens are signed by somebody else here (LATCHKEY_JWT_PEM_FILE, LATCHKEY_JWKS_FILE, LATCHKEY_JWKS_URL or LATCHKEY_OIDC_ISSUER): get one there, or set LATCHKEY_JWT_SECRET too';

export const command: Command = {
  usage: 'USER [--group NAME]… [--for DURATION]',
  summary: 'Prints an access token for a user: for trials and tests.',
  details: ['It is signed with the same secret that the authorizer verifies with, and ends by itself.'],
  options: {
    group: repeated('NAME', 'a group that it claims; may be given several times'),
    for: valued('DURATION', `how long it is good, such as 90s, 30m, 8h or 7d; default ${LASTING}`),
  },
  takes: [1, 1],
  run: async ({ positionals, options, config, output }) => {
    const user = nameOfPrincipal(userArgument(positionals[0]));
    const issuedAt = Date.now();
    const claims = {
      user,
      groups: groupOptions(options).map(nameOfPrincipal),
      groupsClaim: config.tokens.groupsClaim,
      id: randomUUID(),
      issuer: config.tokens.issuers[0],
      audience: config.tokens.audiences[0],
      issuedAt,
      expiresAt: endOf(issuedAt, textOption(options, 'for') ?? LASTING),
    };
    enterDataFolder(config, output.note);
    const [secret] = signingSecretsOf(config);
    if (secret === undefined) throw new UsageError(FOREIGN_KEYS);
    const token = signToken(secret, claims);
    output.result(
      {
        token,
        user,
        id: claims.id,
        groups: claims.groups,
        expiresAt: new Date(claims.expiresAt).toISOString(),
      },
      [token],
    );
    return DONE;
  },
};
