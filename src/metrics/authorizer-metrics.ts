/** What an authorizer tells of itself: decisions, its cache, and the state of the store that it decides by. */

import { DECISION_SECONDS, type DecisionCounts } from './decision-counts.js';
import { counter, type Family, gauge } from './family.js';
import { storeUp } from './store-up.js';

/** What of the cache is shown; `storage/cached-reader.ts` is one. */
export interface CacheFigures {
  readonly size: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  /** Of the store, as far as the cache has followed; -1: it has read nothing. */
  readonly revision: number;
}

export interface AuthorizerFigures {
  readonly decisions: DecisionCounts;
  readonly cache: CacheFigures;
  readonly cacheBytesMax: number;
  /** @throws when the store cannot be asked */
  readonly checkReady: () => unknown;
}

export function authorizerMetrics(figures: AuthorizerFigures): readonly Family[] {
  const { decisions, cache, cacheBytesMax, checkReady } = figures;
  return [
    {
      name: 'latchkey_decisions_total',
      help: 'Questions of nginx, by outcome and reason; unknown: the visitor got 503.',
      type: 'counter',
      read: () =>
        decisions
          .counts()
          .map(({ outcome, reason, count }) => ({ value: count, labels: { outcome, reason } })),
    },
    latency(decisions),
    counter('latchkey_cache_hits_total', 'Reads answered from memory.', () => cache.hits),
    counter('latchkey_cache_misses_total', 'Reads that asked the store.', () => cache.misses),
    gauge('latchkey_cache_entries', 'Entries of the cache.', () => cache.size),
    gauge('latchkey_cache_bytes', 'What the entries are charged.', () => cache.bytes),
    gauge('latchkey_cache_max_bytes', 'LATCHKEY_CACHE_BYTES_MAX.', () => cacheBytesMax),
    gauge('latchkey_store_revision', 'The last change of the store that was seen here.', () =>
      cache.revision < 0 ? undefined : cache.revision,
    ),
    storeUp(checkReady),
  ];
}

function latency(decisions: DecisionCounts): Family {
  const name = 'latchkey_decision_seconds';
  return {
    name,
    help: 'From the question of nginx to the answer.',
    type: 'histogram',
    read: () => {
      const { upTo, count, seconds } = decisions.latency();
      return [
        ...DECISION_SECONDS.map((le, i) => ({
          value: upTo[i] ?? 0,
          labels: { le },
          metricName: `${name}_bucket`,
        })),
        { value: count, labels: { le: '+Inf' }, metricName: `${name}_bucket` },
        { value: seconds, metricName: `${name}_sum` },
        { value: count, metricName: `${name}_count` },
      ];
    },
  };
}
