/**
 * How many connections one process has to PostgreSQL at the most, for which work, and how long each of them waits for what.
 * An authorizer uses little but the first kind. docs/operations.md has their sum.
 */

import type { ConnectionLimits } from './connections.js';

export interface WriterLimits {
  /** How long a writer waits for another one. */
  readonly patienceMs: number;
  /** How long one whose process does nothing, since it was stopped, may keep its turn: less than others wait. */
  readonly stalledMs: number;
}

export const WRITER_LIMITS: WriterLimits = { patienceMs: 15_000, stalledMs: 10_000 };

/** nginx waits two seconds for a decision. */
const FACTS = {
  max: 4,
  connectTimeoutMs: 1_500,
  statementTimeoutMs: 1_500,
  lockTimeoutMs: 1_500,
  stalledMs: 10_000,
  // To plan its one statement for each question's values takes longer than to answer it.
  planCacheMode: 'force_generic_plan',
} as const;
const CONNECT_TIMEOUT_MS = 5_000;
const READS = {
  max: 4,
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 5_000,
  stalledMs: 10_000,
  planCacheMode: 'auto',
} as const;
/** One has its turn at a time: a second connection would only wait. */
const TURNS_MAX = 1;
const OTHERS_MAX = 3;
const WRITE_TIMEOUT_MS = 60_000;
const LONGS_MAX = 2;
/** Ten million grants are merged in one statement. */
const LONG_TIMEOUT_MS = 60 * 60 * 1_000;

export function connectionLimits({ patienceMs, stalledMs }: WriterLimits) {
  const writing = {
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    statementTimeoutMs: WRITE_TIMEOUT_MS,
    lockTimeoutMs: patienceMs,
    stalledMs,
    planCacheMode: 'auto',
  } as const;
  return {
    /** Of the path of a decision. */
    facts: FACTS,
    reads: READS,
    turns: { ...writing, max: TURNS_MAX },
    /** Of what takes no turn. */
    others: { ...writing, max: OTHERS_MAX },
    longs: { ...writing, max: LONGS_MAX, statementTimeoutMs: LONG_TIMEOUT_MS },
  } satisfies Record<string, ConnectionLimits>;
}
