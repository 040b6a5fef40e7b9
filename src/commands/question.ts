/** `PRINCIPAL ACTION PATH [--group G]…`: the question that check and explain ask. */

import type { Question } from '../acl/authorizer.js';
import { subjectAs } from '../acl/principal.js';
import { actionArgument, groupOptions, pathArgument, principalArgument } from './arguments.js';
import { type Invocation, type OptionSpecs, repeated } from './command.js';

export const QUESTION_USAGE = 'PRINCIPAL ACTION PATH [--group NAME]…';
export const QUESTION_OPTIONS: OptionSpecs = {
  group: repeated('NAME', 'a group that the credential would claim; may be given several times'),
};
export const QUESTION_DETAILS = [
  'PRINCIPAL  user:NAME, group:NAME (a member of it and of nothing else), authenticated or anyone',
  'ACTION     read, write or manage',
  '',
  'Stored groups and a suspension count by themselves.',
];

export function questionOf({ positionals, options }: Invocation): Question {
  const [principal, action, path] = positionals;
  return {
    subject: subjectAs(principalArgument(principal), groupOptions(options)),
    action: actionArgument(action),
    path: pathArgument(path),
  };
}
