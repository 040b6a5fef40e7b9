/**
 * Waits until every authorizer has said that it decides by a change. It needs none of their clocks: whoever has not said
 * so decides, by its own rule, from no state older than its bound, so when that has passed since the commit it cannot be
 * wrong either, whatever has become of it. Whoever has announced itself neither for so long nor for minutes by the clock
 * of the store is gone, and is forgotten here.
 */

import { setTimeout as wait } from 'node:timers/promises';
import {
  ANNOUNCEMENT_KEPT_MS,
  type AnnouncedAuthorizer,
  type AuthorizerList,
  type AuthorizerName,
  type Following,
  type Receipt,
  type Receipts,
} from '../acl/fleet-ports.js';
import type { Clocks } from './fresh-facts.js';
import { SharedLooks } from './shared-looks.js';

const LOOK_MS = 3;
const LOOK_MS_MAX = 50;
/** For the last look, and for one that has said so just then. */
const MARGIN_MS = 100;

export class WaitingReceipts implements Receipts, Following {
  readonly #list: AuthorizerList;
  readonly #looks: SharedLooks<readonly AnnouncedAuthorizer[]>;
  readonly #clocks: Clocks;
  /** The longest that was heard of. */
  #boundMs: number;

  /** @param boundMs of this process: for as long as the store has told of no other */
  constructor(list: AuthorizerList, clocks: Clocks, boundMs = 0) {
    this.#list = list;
    this.#looks = new SharedLooks(() => list.authorizers());
    this.#clocks = clocks;
    this.#boundMs = boundMs;
  }

  async followed(revision: number): Promise<void> {
    const began = this.#clocks.monotonic();
    await this.receiptOf(revision).catch(async () => {
      await wait(Math.max(0, began + this.#boundMs + MARGIN_MS - this.#clocks.monotonic()));
    });
  }

  async boundMs(): Promise<number> {
    return longestBoundMs(await this.#looks.ask());
  }

  async receiptOf(revision: number): Promise<Receipt> {
    const began = this.#clocks.monotonic();
    const beganAt = this.#clocks.wall();
    const first = new Map<string, string>();
    for (let lookMs = LOOK_MS; ; lookMs = Math.min(lookMs * 2, LOOK_MS_MAX)) {
      // One that was late does not cost the receipt: nobody asks for it again.
      const all = await this.#looks.ask().catch(() => this.#looks.ask());
      this.#boundMs = Math.max(this.#boundMs, longestBoundMs(all));
      if (first.size === 0) for (const { id, announcement } of all) first.set(id, announcement);
      const behind = all.filter((one) => one.revision < revision);
      const tookMs = this.#clocks.monotonic() - began;
      const boundMs = longestBoundMs(behind);
      if (behind.length === 0 || tookMs > boundMs + MARGIN_MS) {
        const gone = behind.filter((one) => isForgotten(one, first));
        if (gone.length > 0) await this.#list.forget(gone).catch(() => {}); // then whoever comes next
        const unconfirmed = behind.filter((one) => !gone.includes(one));
        return {
          confirmed: all.length - behind.length,
          authorizers: all.length - gone.length,
          tookMs: Math.round(tookMs),
          unconfirmed,
          certainAt: Math.round(beganAt + (behind.length === 0 ? tookMs : boundMs)),
        };
      }
      await wait(lookMs);
    }
  }
}

/**
 * The clock of the store alone does not say so: it may have been set, and then all are as old as that, until each has
 * announced itself again. Whoever decides from memory does so four times in a bound, and the bound has been waited for.
 */
function isForgotten(
  { id, unseenMs, announcement }: AnnouncedAuthorizer,
  first: ReadonlyMap<string, string>,
): boolean {
  return unseenMs > ANNOUNCEMENT_KEPT_MS && first.get(id) === announcement;
}

/** Each tells its own: they need not be set alike. */
function longestBoundMs(authorizers: readonly AuthorizerName[]): number {
  return Math.max(0, ...authorizers.map(({ stalenessMaxMs }) => stalenessMaxMs));
}
