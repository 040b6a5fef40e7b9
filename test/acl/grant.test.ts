/** Grants (DESIGN §1): the words of an effect, the window of time, and a grant told in one line. */

import t from 'tap';
import { describeGrant, parseEffect, windowProblem } from '../../src/acl/grant.js';
import { grant } from './given.js';

t.test('the effects are allow and deny, by exactly these names', async (t) => {
  for (const effect of ['allow', 'deny']) t.equal(parseEffect(effect), effect, effect);
  for (const text of ['', 'Allow', 'DENY', 'deny ', 'no', 'constructor']) {
    t.equal(parseEffect(text), undefined, `'${text}' is none`);
  }
});

t.test('a window needs a millisecond in it, and may be open at either end', async (t) => {
  const problem = 'it ends before it begins';
  t.equal(windowProblem(1000, 999), problem, 'it ends before it begins');
  t.equal(windowProblem(1000, 1000), problem, 'it ends as it begins');
  t.equal(windowProblem(1000, 1001), undefined, 'one millisecond');
  t.equal(windowProblem(undefined, 1000), undefined, 'no beginning');
  t.equal(windowProblem(1000, undefined), undefined, 'no end');
  t.equal(windowProblem(undefined, undefined), undefined, 'always');
});

t.test('a grant is told as principal, deny if it is one, action and path', async (t) => {
  for (const line of ['user:bob read /team/', 'group:eng deny write /team/plan.pdf', 'anyone manage /']) {
    t.equal(describeGrant(grant(line)), line, line);
  }
});
