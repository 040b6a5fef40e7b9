/** What is counted of decisions is what a naive count says, whatever came in whatever order. */

import fc from 'fast-check';
import t from 'tap';
import type { Decision } from '../../src/acl/decide.js';
import { DECISION_SECONDS, DecisionCounts } from '../../src/metrics/decision-counts.js';
import { holds } from '../acl/given.js';

const DECISIONS: readonly Decision[] = [
  { outcome: 'allow', reason: { kind: 'signed-url', id: 'a', keyId: 'k' } },
  { outcome: 'allow', reason: { kind: 'share-link', id: 'b' } },
  { outcome: 'unauthenticated', reason: { kind: 'no-grant' } },
  { outcome: 'forbidden', reason: { kind: 'no-grant' } },
  { outcome: 'forbidden', reason: { kind: 'refused-path' } },
];
const UNKNOWN = ['store-unavailable', 'committing', 'error'] as const;

const anyEvent = fc.record({
  what: fc.oneof(fc.constantFrom(...DECISIONS), fc.constantFrom(...UNKNOWN)),
  tookMs: fc.oneof(
    fc.double({ min: 0, max: 5_000, noNaN: true }),
    fc.constantFrom(...DECISION_SECONDS.map((bound) => bound * 1000)),
  ),
});

t.test('counts and latencies are those of a naive count', async (t) => {
  await holds(
    t,
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      const counts = new DecisionCounts();
      const naive = new Map<string, number>();
      for (const { what, tookMs } of events) {
        const isKnown = typeof what !== 'string';
        const key = isKnown ? `${what.outcome} ${what.reason.kind}` : `unknown ${what}`;
        naive.set(key, (naive.get(key) ?? 0) + 1);
        if (isKnown) counts.decided(what, tookMs);
        else counts.unknown(what, tookMs);
      }
      const counted = counts.counts().map(({ outcome, reason, count }) => [`${outcome} ${reason}`, count]);
      const { upTo, count, seconds } = counts.latency();
      const took = events.map(({ tookMs }) => tookMs / 1000);
      return (
        JSON.stringify(counted.sort()) === JSON.stringify([...naive].sort()) &&
        count === events.length &&
        Math.abs(seconds - took.reduce((sum, one) => sum + one, 0)) < 1e-6 &&
        DECISION_SECONDS.every((bound, i) => upTo[i] === took.filter((one) => one <= bound).length)
      );
    }),
    300,
  );
});
