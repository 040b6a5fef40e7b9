import { type ExplainedGrant, isBuiltIn, type Verdict } from '../acl/decide.js';
import type { Grant } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import { formatInstant } from '../acl/instant.js';
import { describeDecision } from '../acl/remaining.js';
import { type Command, DONE, REFUSED } from './command.js';
import { QUESTION_DETAILS, QUESTION_OPTIONS, QUESTION_USAGE, questionOf } from './question.js';
import { withStore } from './session.js';
import { table } from './table.js';

export const command: Command = {
  usage: QUESTION_USAGE,
  summary: 'Prints the decision with every grant that bears on it, in order, and what became of each.',
  details: [
    'Order: the nearest path first; on one path user, then group, then authenticated, then anyone; deny before',
    'allow; then the lowest grant id. The first that speaks decides.',
    ...QUESTION_DETAILS,
  ],
  options: QUESTION_OPTIONS,
  takes: [3, 3],
  run: async (invocation) => {
    const question = questionOf(invocation);
    const [who, action, path] = invocation.positionals;
    return withStore(invocation, async ({ authorizer, acl }) => {
      const { decision, considered, principals, suspended, signedOutAt } = await authorizer.explain(question);
      const allowed = decision.outcome === 'allow';
      const value = {
        asked: { principal: who, action, path },
        outcome: decision.outcome,
        reason: describeDecision(decision),
        revision: await acl.revision(),
        principals,
        suspended,
        ...(signedOutAt !== undefined && { signedOutAt: formatInstant(signedOutAt) }),
        considered: considered.map(({ grant, verdict }) => ({ grant: grantJson(grant), verdict })),
      };
      invocation.output.result(value, [
        `${allowed ? 'allow' : 'deny'}: ${describeDecision(decision)}`,
        '',
        `asked: may ${who} ${action} ${path} ?`,
        `as:    ${principals.join(', ')}${suspended ? ' (suspended: nothing but anyone)' : ''}`,
        ...signOutLines(signedOutAt),
        '',
        ...considerationLines(considered),
      ]);
      return allowed ? DONE : REFUSED;
    });
  },
};

function signOutLines(at: number | undefined): readonly string[] {
  return at === undefined
    ? []
    : [`       signed out at ${formatInstant(at)}: what was issued before is no credential`];
}

function considerationLines(considered: readonly ExplainedGrant[]): readonly string[] {
  if (considered.length === 0) return ['There is no grant on this path, nor on any folder above it.'];
  return table(
    ['', 'path', 'principal', 'grant', 'id', 'what became of it'],
    considered.map(({ grant, verdict }) => [
      verdict === 'decides' ? '>' : '',
      grant.path,
      grant.principal,
      `${grant.effect} ${grant.action}`,
      isBuiltIn(grant) ? 'home' : String(grant.id),
      inWords(verdict, grant),
    ]),
  );
}

function inWords(verdict: Verdict, grant: Grant): string {
  switch (verdict) {
    case 'decides':
      return 'decides';
    case 'outranked':
      return 'speaks, but one before it decided';
    case 'other-principal':
      return 'is for somebody else';
    case 'not-yet':
      return `does not speak before ${formatInstant(grant.notBefore ?? 0)}`;
    case 'expired':
      return `ended ${formatInstant(grant.expiresAt ?? 0)}`;
    case 'allows-less':
      return 'allows less than was asked';
    case 'denies-more':
      return 'denies only more than was asked';
    default:
      return verdict satisfies never;
  }
}
