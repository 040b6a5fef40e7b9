/**
 * Polls a store all the time, whatever a change feed says: feeds may lose messages, and only an answer of the store
 * keeps what is known young enough to be trusted. One question at a time; one that gets no answer is given up.
 */

import { Outage, type OutageListener } from './outage.js';

export interface Polled {
  /** Rejects where the store does not answer. */
  poll(): Promise<void>;
}

export interface KeptFresh {
  /** Asks at once, or again at once where a question is under way: what it will see may be from before. */
  hurry(): void;
  stop(): void;
}

export interface KeepFreshOptions extends OutageListener {
  /** Between an answer and the next question. */
  readonly everyMs: number;
  /** For one answer. */
  readonly patienceMs: number;
}

export function keepFresh(polled: Polled, options: KeepFreshOptions): KeptFresh {
  let isStopped = false;
  let isAsking = false;
  let isHurried = false;
  const outage = new Outage(options);
  let next: NodeJS.Timeout | undefined;

  const ask = async () => {
    if (isStopped) return;
    clearTimeout(next);
    isAsking = true;
    isHurried = false;
    try {
      await answered(polled.poll(), options.patienceMs);
      outage.over();
    } catch (error) {
      if (!isStopped) outage.met(error);
    }
    isAsking = false;
    if (isStopped) return;
    if (isHurried && !outage.isOn) void ask();
    else next = setTimeout(ask, options.everyMs).unref();
  };

  void ask();
  return {
    hurry: () => {
      isHurried = true;
      if (!isAsking) void ask();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(next);
    },
  };
}

/** @throws when it takes too long: the answer would be worth nothing */
async function answered(asked: Promise<void>, patienceMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`the store has not answered for ${patienceMs} ms`)),
    patienceMs,
  ).unref();
  try {
    await Promise.race([asked, promise]);
  } finally {
    clearTimeout(timer);
  }
}
