/**
 * A store's facts as a reader gets them, with every load written down, and with failures to order: the fake
 * port around a real store that the tests of the cached reader need.
 */

import { NotKnown } from '../../src/acl/errors.js';
import type { Awaitable, FactsLoad, FactsQuery, FactsSource } from '../../src/acl/ports.js';

export class WatchedSource implements FactsSource {
  readonly #source: FactsSource;
  /** The paths of each load, in order. */
  readonly loads: (readonly string[])[] = [];
  /** What fails from now on. */
  failing: 'nothing' | 'version' | 'load' | 'load, later' = 'nothing';

  constructor(source: FactsSource) {
    this.#source = source;
  }

  version(): number {
    if (this.failing === 'version') throw unavailable();
    return this.#source.version();
  }

  load(query: FactsQuery): Awaitable<FactsLoad> {
    if (this.failing === 'load') throw unavailable();
    if (this.failing === 'load, later') return Promise.reject(unavailable());
    this.loads.push(query.paths);
    return this.#source.load(query);
  }
}

function unavailable(): NotKnown {
  return new NotKnown('store-unavailable', 'the store does not answer');
}
