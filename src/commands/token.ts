import { nameOfPrincipal } from '../acl/principal.js';
import { signToken } from '../credentials/token-key.js';
import { tokenKeyOf } from '../foundations.js';
import { enterDataFolder } from '../host/data-folder.js';
import { endOf, groupOptions, userArgument } from './arguments.js';
import { type Command, DONE, repeated, textOption, valued } from './command.js';

const LASTING = '1h';

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
      groupsClaim: config.groupsClaim,
      issuedAt,
      expiresAt: endOf(issuedAt, textOption(options, 'for') ?? LASTING),
    };
    enterDataFolder(config, output.note);
    const token = signToken(tokenKeyOf(config), claims);
    output.result(
      { token, user, groups: claims.groups, expiresAt: new Date(claims.expiresAt).toISOString() },
      [token],
    );
    return DONE;
  },
};
