/**
 * How one rule of the stores' contract is tested: a store of its own, opened and closed around the rule.
 */

import type { Test } from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { type OpenStore, opened } from './given.js';

export type RuleBody = (t: Test, store: Store) => Promise<void>;
export type Rule = (says: string, body: RuleBody) => void;

export function rulesOf(t: Test, open: OpenStore): Rule {
  return (says, body) => {
    t.test(says, async (t) => body(t, await opened(t, open)));
  };
}
