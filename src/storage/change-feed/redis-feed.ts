/**
 * A change feed by Redis pub/sub. Who listens also sends itself a beat: a connection that hears no beat is dead,
 * whatever its state says (a peer that was cut off, a server that was stopped), and is made anew.
 */

import { randomUUID } from 'node:crypto';
import { Outage, type OutageListener } from '../outage.js';
import type { ChangeFeed, FeedListener } from './change-feed.js';
import type { RedisAddress } from './redis-address.js';
import { openRedisClient, type RedisClient, withoutSecrets } from './redis-client.js';
import { RedisPublisher } from './redis-publisher.js';

const BEAT_MS = 1_000;
/** One may be on its way; two, and nobody hears; then a new connection is made. */
const BEATS_AWAY_MAX = 2;
/** What a command waits for at its end, so that authorizers hear of it at once: sooner than they find it by polling. */
const CLOSE_PATIENCE_MS = 300;

export class RedisFeed implements ChangeFeed {
  readonly #address: RedisAddress;
  readonly #closePatienceMs: number;
  readonly #outage: Outage;
  readonly #client: RedisClient;
  readonly #publisher: RedisPublisher;
  readonly #channel: string;
  /** Nobody else hears it. */
  readonly #beat: string;
  #subscriber: RedisClient | undefined;
  #beating: NodeJS.Timeout | undefined;
  #isSubscribed = false;
  #isClosed = false;
  #beatsAway = 0;

  constructor(address: RedisAddress, listener: OutageListener, closePatienceMs = CLOSE_PATIENCE_MS) {
    this.#address = address;
    this.#closePatienceMs = closePatienceMs;
    this.#outage = new Outage({
      onLost: (error) => listener.onLost(withoutSecrets(error, address)),
      onFound: () => listener.onFound(),
    });
    this.#channel = `${address.prefix}revisions`;
    this.#beat = `${address.prefix}beat:${randomUUID()}`;
    this.#client = this.#open();
    this.#publisher = new RedisPublisher(this.#client, this.#channel, this.#outage);
  }

  get isListening(): boolean {
    return this.#isSubscribed && this.#beatsAway < BEATS_AWAY_MAX;
  }

  publish(revision: number): void {
    this.#publisher.publish(revision);
  }

  listen(listener: FeedListener): void {
    const subscriber = this.#open();
    this.#subscriber = subscriber;
    const subscribe = async () => {
      try {
        await subscriber.subscribe(this.#channel, this.#beat);
        this.#isSubscribed = true;
        this.#beatsAway = 0;
        this.#outage.over();
        listener.onListening();
      } catch (error) {
        this.#lost(error);
      }
    };
    subscriber.on('ready', () => void subscribe());
    subscriber.on('close', () => {
      if (this.#isSubscribed) this.#lost(new Error('the connection to Redis has ended'));
      this.#isSubscribed = false;
    });
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === this.#beat) this.#beatsAway = 0;
      else listener.onRevision(Number(text));
    });
    this.#beating = setInterval(() => this.#sendBeat(), BEAT_MS).unref();
  }

  async close(): Promise<void> {
    // Whoever is away does not come back for us.
    if (!this.#isClosed && !this.#outage.isOn) await this.#publisher.done(this.#closePatienceMs);
    this.#isClosed = true;
    clearInterval(this.#beating);
    for (const client of [this.#client, this.#subscriber]) client?.disconnect();
  }

  #sendBeat(): void {
    this.#beatsAway += 1;
    if (this.#beatsAway > BEATS_AWAY_MAX) {
      this.#beatsAway = 0;
      this.#isSubscribed = false;
      this.#lost(new Error('Redis does not answer'));
      for (const client of [this.#client, this.#subscriber]) client?.disconnect(true);
      return;
    }
    if (this.#client.status === 'ready') this.#client.publish(this.#beat, '').catch(() => {}); // it is missed, then
  }

  #open(): RedisClient {
    return openRedisClient(this.#address, (error) => this.#lost(error));
  }

  #lost(error: unknown): void {
    if (!this.#isClosed) this.#outage.met(error);
  }
}
