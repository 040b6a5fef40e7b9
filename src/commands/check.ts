import { grantJson } from '../acl/grant-json.js';
import { describeDecision } from '../acl/remaining.js';
import { type Command, DONE, REFUSED } from './command.js';
import { QUESTION_DETAILS, QUESTION_OPTIONS, QUESTION_USAGE, questionOf } from './question.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: QUESTION_USAGE,
  summary: 'Prints allow and exits 0, or prints deny and exits 1.',
  details: QUESTION_DETAILS,
  options: QUESTION_OPTIONS,
  takes: [3, 3],
  run: async (invocation) => {
    const question = questionOf(invocation);
    return withStore(invocation, async ({ authorizer }) => {
      const { decision } = await authorizer.explain(question);
      const { outcome, reason } = decision;
      const grant = reason.kind === 'grant' ? { grant: grantJson(reason.grant) } : {};
      const allowed = outcome === 'allow';
      invocation.output.result({ outcome, reason: describeDecision(decision), ...grant }, [
        `${allowed ? 'allow' : 'deny'}: ${describeDecision(decision)}`,
      ]);
      return allowed ? DONE : REFUSED;
    });
  },
};
