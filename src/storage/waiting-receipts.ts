/**
 * Waits until every authorizer has said that it decides by a change. It needs none of their clocks: whoever has not said
 * so decides, by its own rule, from no state older than its bound, so when that has passed since the commit it cannot be
 * wrong either, whatever has become of it.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { AuthorizerList, AuthorizerName, Receipt, Receipts } from '../acl/fleet-ports.js';
import type { Clocks } from './fresh-facts.js';

const LOOK_MS = 3;
const LOOK_MS_MAX = 50;
/** For the last look, and for one that has said so just then. */
const MARGIN_MS = 100;

export class WaitingReceipts implements Receipts {
  readonly #list: AuthorizerList;
  readonly #clocks: Clocks;

  constructor(list: AuthorizerList, clocks: Clocks) {
    this.#list = list;
    this.#clocks = clocks;
  }

  async boundMs(): Promise<number> {
    return longestBoundMs(await this.#list.authorizers());
  }

  async receiptOf(revision: number): Promise<Receipt> {
    const began = this.#clocks.monotonic();
    const beganAt = this.#clocks.wall();
    for (let lookMs = LOOK_MS; ; lookMs = Math.min(lookMs * 2, LOOK_MS_MAX)) {
      const all = await this.#list.authorizers();
      const unconfirmed = all.filter((one) => one.revision < revision);
      const tookMs = this.#clocks.monotonic() - began;
      const boundMs = longestBoundMs(unconfirmed);
      if (unconfirmed.length === 0 || tookMs > boundMs + MARGIN_MS) {
        return {
          confirmed: all.length - unconfirmed.length,
          authorizers: all.length,
          tookMs: Math.round(tookMs),
          unconfirmed,
          certainAt: Math.round(beganAt + (unconfirmed.length === 0 ? tookMs : boundMs)),
        };
      }
      await wait(lookMs);
    }
  }
}

/** Each tells its own: they need not be set alike. */
function longestBoundMs(authorizers: readonly AuthorizerName[]): number {
  return Math.max(0, ...authorizers.map(({ stalenessMaxMs }) => stalenessMaxMs));
}
