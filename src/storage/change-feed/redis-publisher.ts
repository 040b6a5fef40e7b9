/**
 * Publishes the latest of the revisions that it is given: one message at a time, since whoever hears of a later one
 * reads what lies before it in the change log. What could not go out goes out when Redis is back.
 */

import type { Outage } from '../outage.js';
import type { RedisClient } from './redis-client.js';

const NOTHING = -1;

export class RedisPublisher {
  readonly #client: RedisClient;
  readonly #channel: string;
  readonly #outage: Outage;
  #latest = NOTHING;
  #isSending = false;
  #whenDone: (() => void) | undefined;

  constructor(client: RedisClient, channel: string, outage: Outage) {
    this.#client = client;
    this.#channel = channel;
    this.#outage = outage;
    client.on('ready', () => void this.#send());
  }

  publish(revision: number): void {
    this.#latest = Math.max(this.#latest, revision);
    void this.#send();
  }

  /** Resolves when nothing waits to go out; `done` after that. */
  done(patienceMs: number): Promise<void> {
    if (this.#latest === NOTHING) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      this.#whenDone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #send(): Promise<void> {
    if (this.#isSending || this.#latest === NOTHING || this.#client.status !== 'ready') return;
    this.#isSending = true;
    const sent = this.#latest;
    let isSent = false;
    try {
      await this.#client.publish(this.#channel, String(sent));
      isSent = true;
      this.#outage.over();
    } catch (error) {
      this.#outage.met(error);
    }
    this.#isSending = false;
    if (!isSent) return; // until it is ready again, or the next one comes
    if (this.#latest > sent) return this.#send();
    this.#latest = NOTHING;
    this.#whenDone?.();
  }
}
