/** `PRINCIPAL ACTION PATH [--group G]…`: the question that check and explain ask. */

import type { Question } from '../acl/authorizer.js';
import { subjectAs } from '../acl/principal.js';
import { actionArgument, groupOptions, pathArgument, principalArgument } from './arguments.js';
import type { Invocation } from './command.js';

export const QUESTION_USAGE = 'PRINCIPAL ACTION PATH [--group NAME]…';
export const QUESTION_OPTIONS = { group: { type: 'string', multiple: true } } as const;
export const QUESTION_DETAILS = [
  'Stored groups and a suspension count by themselves; --group adds one that the credential would claim.',
];

export function questionOf({ positionals, options }: Invocation): Question {
  const [principal, action, path] = positionals;
  return {
    subject: subjectAs(principalArgument(principal), groupOptions(options)),
    action: actionArgument(action),
    path: pathArgument(path),
  };
}
