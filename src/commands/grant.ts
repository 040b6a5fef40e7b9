import { describeGrant, type GrantDraft, mayTakeAway, windowProblem } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import { formatInstant } from '../acl/instant.js';
import { remaining, stillAllowed, stillRefused } from '../acl/remaining.js';
import { actionArgument, endOption, instantOption, pathArgument, principalArgument } from './arguments.js';
import { type Command, DONE, flag, type Invocation, UsageError, valued } from './command.js';
import { warnOfFolder } from './folder-warning.js';
import { resultInForce, waitOptions } from './in-force.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: 'PRINCIPAL ACTION PATH [--deny] [--for DURATION | --until TIME] [--from TIME]',
  summary: 'Allows, or with --deny denies, a principal an action (read < write < manage) on a path.',
  details: [
    'PRINCIPAL  user:NAME, group:NAME, authenticated (any valid credential) or anyone',
    'PATH       /team/plan.pdf is a file; /team/ is a folder and all below it',
    '',
    'What stood for the same principal, path and action is replaced. It is in force when the command returns.',
    'TIME is ISO 8601 with a zone, such as 2027-01-31T12:00:00Z, or a date alone, which is its first moment in',
    'UTC; a DURATION is 90s, 30m, 48h, 7d or 2w.',
    'With PostgreSQL a deny, and an allow with a window, which may replace a wider one, wait until every authorizer',
    'decides by it, and say so; with --no-wait they do not. Another allow only ever widens.',
  ],
  options: {
    deny: flag('deny instead of allow; a nearer path or a more specific principal still goes first'),
    for: valued('DURATION', 'ends that long after it begins'),
    until: valued('TIME', 'ends then; without --for and --until it has no end'),
    from: valued('TIME', 'begins then, rather than now'),
    ...waitOptions,
  },
  takes: [3, 3],
  run: async (invocation) => {
    const draft = draftOf(invocation);
    return withStore(invocation, async (session) => {
      const { acl, authorizer } = session;
      const { value, revision } = await acl.putGrants([draft]);
      const [grant] = value;
      if (grant === undefined) throw new Error('the store answered with no grant');
      const rest = await remaining(authorizer, draft.principal, draft.path, [draft.action]);
      const lines = draft.effect === 'allow' ? stillRefused(rest) : stillAllowed(rest);
      const text = `granted: ${describeGrant(grant)}${windowText(grant)} (grant ${grant.id})`;
      const json = { grant: grantJson(grant), revision, remaining: lines };
      if (mayTakeAway(draft)) await resultInForce(invocation, session, json, [text, ...lines]);
      else invocation.output.result(json, [text, ...lines]);
      warnOfPast(invocation, draft);
      await warnOfFolder(invocation, draft.path);
      return DONE;
    });
  },
};

function draftOf({ positionals, options }: Invocation): GrantDraft {
  const [principal, action, path] = positionals;
  const notBefore = instantOption(options, 'from');
  const expiresAt = endOption(options, notBefore ?? Date.now());
  const problem = windowProblem(notBefore, expiresAt);
  if (problem !== undefined) throw new UsageError(`--from and the end do not fit: ${problem}`);
  return {
    principal: principalArgument(principal),
    action: actionArgument(action),
    path: pathArgument(path),
    effect: options.deny === true ? 'deny' : 'allow',
    notBefore,
    expiresAt,
  };
}

function windowText({ notBefore, expiresAt }: GrantDraft): string {
  const from = notBefore === undefined ? '' : ` from ${formatInstant(notBefore)}`;
  return expiresAt === undefined ? from : `${from} until ${formatInstant(expiresAt)}`;
}

/** It is kept, for it replaces what stood; but nobody means it. */
function warnOfPast({ output }: Invocation, { expiresAt }: GrantDraft): void {
  if (expiresAt === undefined || expiresAt > Date.now()) return;
  output.note(`${formatInstant(expiresAt)} is over: this grant does nothing`);
}
