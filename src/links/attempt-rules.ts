/**
 * How long whoever tries passwords of links has to wait, by what is counted: the rules alone, which every store asks
 * within its own transaction. It knows no clock and no store.
 *
 * Counted are three: of an address on one link, of an address on all links, and of a link from everywhere. The last
 * grows gently, since a stranger can make everybody wait by it.
 */

import {
  ATTEMPT_KINDS,
  ATTEMPTS_REMEMBERED_MS,
  type AttemptCounters,
  type AttemptKind,
  type Counted,
  countersOf,
  type FailureCounter,
} from '../acl/count-ports.js';

interface Delays {
  /** Failures before the first delay. */
  readonly free: number;
  /** Shorter than what is remembered. */
  readonly longestMs: number;
}

const FIRST_DELAY_MS = 1_000;
const DELAYS: Readonly<Record<AttemptKind, Delays>> = {
  'address-on-link': { free: 5, longestMs: 15 * 60_000 },
  address: { free: 30, longestMs: 15 * 60_000 },
  link: { free: 50, longestMs: 30_000 },
};

/**
 * Milliseconds to wait. 0: it may be tried now, and counts as a failure. One that has to wait is not counted: waiting
 * longer is not the price of asking.
 */
export function reserve(standing: AttemptCounters, now: number): Counted<number> {
  const counters = remembered(standing, now);
  const waits = ATTEMPT_KINDS.map((kind) => waitMs(DELAYS[kind], counters[kind], now));
  const longest = Math.max(...waits);
  if (longest > 0) return { value: longest, counters };
  return { value: 0, counters: mapped(counters, (one) => ({ failures: failuresOf(one) + 1, lastAt: now })) };
}

/** It was the password: forgets what the address got wrong on this link, and nothing else. */
export function succeed(standing: AttemptCounters, now: number): Counted<void> {
  const counters = remembered(standing, now);
  const onLink = Math.max(1, failuresOf(counters['address-on-link']));
  const after = {
    'address-on-link': undefined,
    address: without(counters.address, onLink),
    link: without(counters.link, 1),
  };
  return { value: undefined, counters: after };
}

/** It was not looked at after all. */
export function takeBack(standing: AttemptCounters, now: number): Counted<void> {
  return { value: undefined, counters: mapped(remembered(standing, now), (one) => without(one, 1)) };
}

function waitMs({ free, longestMs }: Delays, counter: FailureCounter | undefined, now: number): number {
  if (counter === undefined || counter.failures < free) return 0;
  const delayMs = Math.min(longestMs, FIRST_DELAY_MS * 2 ** (counter.failures - free));
  return Math.max(0, counter.lastAt + delayMs - now);
}

/**
 * What still counts. A failure that is still to come is one from before the clock was set back: it is taken to have been
 * now, and written so, else somebody would wait until the clock is there again.
 */
function remembered(standing: AttemptCounters, now: number): AttemptCounters {
  const isOdd = ({ lastAt }: FailureCounter) => lastAt > now || now - lastAt >= ATTEMPTS_REMEMBERED_MS;
  if (!ATTEMPT_KINDS.some((kind) => standing[kind] !== undefined && isOdd(standing[kind]))) return standing;
  return mapped(standing, (one) => {
    if (one === undefined || now - one.lastAt >= ATTEMPTS_REMEMBERED_MS) return undefined;
    return { failures: one.failures, lastAt: Math.min(one.lastAt, now) };
  });
}

function without(counter: FailureCounter | undefined, count: number): FailureCounter | undefined {
  if (counter === undefined || counter.failures <= count) return undefined;
  return { ...counter, failures: counter.failures - count };
}

const failuresOf = (counter: FailureCounter | undefined) => counter?.failures ?? 0;

function mapped(
  counters: AttemptCounters,
  change: (counter: FailureCounter | undefined) => FailureCounter | undefined,
): AttemptCounters {
  return countersOf((kind) => change(counters[kind]));
}
