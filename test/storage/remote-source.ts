/**
 * A store's facts as from another machine: `load` takes its time, and the test says when its snapshot is taken
 * and when its answer comes. `version` is exact, as FactsSource demands.
 */

import type { Awaitable, FactsLoad, FactsQuery, FactsSource } from '../../src/acl/ports.js';
import { settled } from './interleavings.js';

export type SnapshotTaken = 'at the start' | 'on the way';

interface InFlight {
  readonly query: FactsQuery;
  snapshot: FactsLoad | undefined;
  readonly answer: (load: FactsLoad) => void;
}

export class RemoteSource implements FactsSource {
  readonly #store: { load(query: FactsQuery): FactsLoad; version(): number };
  readonly #taken: SnapshotTaken;
  #inFlight: InFlight[] = [];

  constructor(source: FactsSource, taken: SnapshotTaken) {
    this.#store = {
      version: () => source.version(),
      load: (query) => {
        const loaded = source.load(query);
        if (loaded instanceof Promise) throw new Error('the store behind must answer at once');
        return loaded;
      },
    };
    this.#taken = taken;
  }

  version(): number {
    return this.#store.version();
  }

  load(query: FactsQuery): Promise<FactsLoad> {
    const { promise, resolve } = Promise.withResolvers<FactsLoad>();
    const snapshot = this.#taken === 'at the start' ? this.#store.load(query) : undefined;
    this.#inFlight.push({ query, snapshot, answer: resolve });
    return promise;
  }

  /** What may happen next to each load that is under way: its snapshot, then its delivery. */
  steps(): (() => void)[] {
    return this.#inFlight.map((one) => () => {
      if (one.snapshot === undefined) {
        one.snapshot = this.#store.load(one.query);
        return;
      }
      this.#inFlight = this.#inFlight.filter((other) => other !== one);
      one.answer(one.snapshot);
    });
  }
}

/** What is read through the source, whose loads are answered at once. */
export async function answeredAtOnce<T>(facts: Awaitable<T>, source: RemoteSource): Promise<T> {
  if (!(facts instanceof Promise)) return facts;
  let done = false;
  const answered = facts.finally(() => {
    done = true;
  });
  while (!done) {
    for (const step of source.steps()) step();
    await settled();
  }
  return answered;
}
