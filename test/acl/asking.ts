/**
 * Questions to an authorizer and the facts that answer them, for the tests of class Authorizer. Decides nothing.
 */

import type { Action } from '../../src/acl/action.js';
import type { Question } from '../../src/acl/authorizer.js';
import type { Policy } from '../../src/acl/policy.js';
import type { Facts, Standing } from '../../src/acl/ports.js';
import { type Subject, subjectAs } from '../../src/acl/principal.js';
import { chainOf, grants, path, principal } from './given.js';

export const NO_POLICY: Policy = { administrators: new Set(), home: undefined };
export const GOOD: Standing = { groups: [], suspended: false };
/** What the clock says, UTC milliseconds. */
export const NOW = 1_000;

export const bob = principal('user:bob');

/** Bob, whose credential claims these groups. */
export function bobOf(...groups: readonly string[]): Subject {
  return subjectAs(bob, groups.map(principal));
}

export function ask(subject: Subject, action: Action, asked: string): Question {
  return { subject, action, path: path(asked) };
}

/** What a store knows that holds these grants. */
export function known(asked: string, lines: readonly string[], standing = GOOD): Facts {
  return { chain: chainOf(asked, grants(lines)), standing };
}

export function administrators(...texts: readonly string[]): Policy {
  return { ...NO_POLICY, administrators: new Set(texts.map(principal)) };
}
