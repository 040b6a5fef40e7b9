/**
 * One freshness check for all decisions of one turn of the event loop, instead of one for each.
 *
 * It is exact. A request is decided in the turn in which its bytes were found readable, so it was sent before
 * the turn's first check, and that check sees every change that had returned by then. Two things could break
 * this, and both check by themselves again: a decision that is continued later (outside `begin` and `end`), and
 * a turn in which libuv polls twice, which it does only after 1,024 ready descriptors (`TURN_CONNECTIONS_MAX`;
 * docs/decisions/0010-one-check-a-turn.md).
 */

import type { Awaitable, FactsLoad, FactsQuery, FactsSource } from '../acl/ports.js';

/** Whoever holds more connections than this open may not share: see above. */
export const TURN_CONNECTIONS_MAX = 1_000;

export class SharedCheck implements FactsSource {
  readonly #source: FactsSource;
  #version: number | undefined;
  #sharing = false;
  readonly #forget = () => {
    this.#version = undefined;
  };

  constructor(source: FactsSource) {
    this.#source = source;
  }

  /** What follows, up to `end`, runs without a wait in the callback that read the request. */
  begin(): void {
    this.#sharing = true;
  }

  end(): void {
    this.#sharing = false;
  }

  version(): number {
    if (!this.#sharing) return this.#source.version();
    if (this.#version === undefined) {
      this.#version = this.#source.version();
      // The check phase comes after the poll phase that we are in, before the next one.
      setImmediate(this.#forget);
    }
    return this.#version;
  }

  load(query: FactsQuery): Awaitable<FactsLoad> {
    return this.#source.load(query);
  }
}
