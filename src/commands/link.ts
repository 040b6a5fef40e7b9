import { type Command, type Invocation, UsageError } from './command.js';
import { WAIT_DETAILS, waitOptions } from './in-force.js';
import { changeVerb } from './link-change.js';
import { createVerb } from './link-create.js';
import { listVerb } from './link-list.js';
import { termOptions } from './link-options.js';
import { REVOKE_USAGE, REVOKED_MAX, revokeLinks } from './link-revoke.js';
import { REVOKE_SIGNED_USAGE, revokeSigned, revokeSignedOptions } from './link-revoke-signed.js';
import { showVerb } from './link-show.js';
import { SIGN_USAGE, sign, signOptions } from './link-sign.js';
import { STALE_DAYS } from './link-staleness.js';
import type { LinkVerb } from './link-verb.js';

const VERBS: Readonly<Record<string, LinkVerb>> = {
  create: createVerb,
  list: listVerb,
  show: showVerb,
  change: changeVerb,
  revoke: {
    usage: `${REVOKE_USAGE} | ${REVOKE_SIGNED_USAGE}`,
    options: { ...revokeSignedOptions, ...waitOptions },
    takes: [0, REVOKED_MAX],
    run: (invocation, subjects) =>
      subjects.length > 0 ? revokeLinks(invocation, subjects) : revokeSigned(invocation),
  },
  sign: {
    usage: SIGN_USAGE,
    options: { ...(termOptions.for !== undefined && { for: termOptions.for }), ...signOptions },
    takes: [1, 1],
    run: (invocation, [subject = '']) => sign(invocation, subject),
  },
};

const OPTIONS = Object.assign({}, ...Object.values(VERBS).map(({ options }) => options));

export const command: Command = {
  usage: `${Object.keys(VERBS).join(' | ')} …`,
  summary:
    'Links that open a file for whoever has them: share links, stored, and signed URLs, which are not.',
  details: [
    'create PATH [--upload] [--for DURATION | --until ISO] [--from ISO] [--password-file FILE|-]',
    '       [--recipient PRINCIPAL]… [--address RANGE]… [--downloads N] [--rate SIZE] [--inline]',
    '       [--files N] [--bytes SIZE] [--ending .EXT]… [--files-expire DURATION] [--note TEXT]',
    '       [--contact TEXT]',
    '  prints the URL of a new share link, this once: of its token only a hash is kept. PATH is a file, or a',
    '  folder and all below it. It is good for LATCHKEY_LINK_LIFETIME, where nothing else is said, and for',
    '  LATCHKEY_LINK_LIFETIME_MAX at the most. The URL is whole where LATCHKEY_PUBLIC_URL is set.',
    'list [--path PATH] [--by USER] [--after ID] [--stale | --all]',
    '  those that were not revoked and have not expired. Stale are those that open nothing any more, though',
    '  nobody revoked them: they are expired, exhausted, their maker may not give them any more',
    '  (authority-ended), or there is nothing at their path (missing); and those that nobody has used for',
    `  ${STALE_DAYS} days (unused).`,
    'show ID|URL',
    '  one, with all of its terms',
    'change ID|URL, with the options of create but --upload, [--attachment] [--no-from] [--no-password]',
    '       [--no-recipients] [--no-addresses] [--no-downloads] [--no-rate] [--no-files] [--no-bytes]',
    '       [--no-endings] [--no-files-expire]',
    '  other terms for the same URL',
    'sign PATH [--for DURATION] [--folder PATH] [--id ID] [--cookie]',
    '  prints a signed URL, good for 1h where --for does not say. It is stored nowhere: docs/links.md has signers',
    'revoke ID|URL… | --signed ID|URL | --signed-path PATH | --key KEY-ID',
    '  share links, or signed URLs; in force when the command returns',
    ...WAIT_DETAILS,
  ],
  options: OPTIONS,
  takes: [1, 1 + REVOKED_MAX],
  run: async (invocation) => {
    const [name = '', ...subjects] = invocation.positionals;
    const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
    if (verb === undefined) {
      throw new UsageError(`link takes ${Object.keys(VERBS).join(', ')}, not '${name}'`);
    }
    const [least, most] = verb.takes;
    if (subjects.length < least || subjects.length > most) {
      throw new UsageError(`the usage is: latchkey link ${verb.usage}`);
    }
    refuseForeign(invocation, name, verb);
    return verb.run(invocation, subjects);
  },
};

/** An option that does nothing with this verb would be taken for one that does. */
function refuseForeign({ options }: Invocation, name: string, verb: LinkVerb): void {
  const foreign = Object.keys(options).find(
    (option) => Object.hasOwn(OPTIONS, option) && !Object.hasOwn(verb.options, option),
  );
  if (foreign !== undefined) throw new UsageError(`link ${name} takes no --${foreign}`);
}
