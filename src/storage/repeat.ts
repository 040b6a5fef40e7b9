/**
 * Does something again and again, such as asking a store where it is: one at a time, after a pause, and sooner for who
 * is in a hurry. One that takes too long is given up. It keeps no process from ending.
 */

import { Outage, type OutageListener } from './outage.js';

export interface Repeated {
  /** At once, or again behind one that is under way: what that one sees may be from before. */
  hurry(): void;
  /** Resolves when the one that is under way has ended, or was given up. */
  stop(): Promise<void>;
}

export interface RepeatOptions extends OutageListener {
  readonly everyMs: number;
  /** Between two, however much of a hurry there is. */
  readonly gapMs: number;
  /** For one. */
  readonly patienceMs: number;
}

export function repeat(work: () => Promise<void>, options: RepeatOptions): Repeated {
  const outage = new Outage(options);
  let isStopped = false;
  let isAtWork = false;
  let isHurried = false;
  let endedAt = Number.NEGATIVE_INFINITY;
  let next: NodeJS.Timeout | undefined;
  let last: Promise<void> | undefined;

  const later = (ms: number) => {
    clearTimeout(next);
    next = setTimeout(begin, ms).unref();
  };
  const once = async () => {
    clearTimeout(next);
    isAtWork = true;
    isHurried = false;
    try {
      await inTime(work(), options.patienceMs);
      outage.over();
    } catch (error) {
      if (!isStopped) outage.met(error);
    }
    isAtWork = false;
    endedAt = performance.now();
    if (!isStopped) later(isHurried && !outage.isOn ? options.gapMs : options.everyMs);
  };

  const begin = () => {
    last = once();
  };

  begin();
  return {
    hurry: () => {
      isHurried = true;
      if (isAtWork || isStopped) return;
      const rest = endedAt + options.gapMs - performance.now();
      if (rest > 0) later(rest);
      else begin();
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(next);
      await last;
    },
  };
}

/** @throws when it takes too long: what it brings would be worth nothing */
async function inTime(work: Promise<void>, patienceMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${patienceMs} ms`)), patienceMs).unref();
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
