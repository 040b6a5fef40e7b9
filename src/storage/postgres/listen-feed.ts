/**
 * The change feed of PostgreSQL itself, where there is no Redis: LISTEN on a connection of its own. Every write notifies
 * by itself, in its own transaction (`revisions.ts`), so there is nothing to publish.
 */

import pg from 'pg';
import type { ChangeFeed, FeedListener } from '../change-feed/change-feed.js';
import { Outage, type OutageListener } from '../outage.js';
import { parseAddress } from './address.js';
import { StatementFailed } from './errors.js';
import { revisionsChannel } from './revisions.js';

const CONNECT_TIMEOUT_MS = 2_000;
/** A server that was stopped or cut off says nothing: it is asked, and given up when it does not answer. */
const BEAT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 1_500;
const RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;

export class ListenFeed implements ChangeFeed {
  readonly #url: string;
  readonly #channel: string;
  readonly #outage: Outage;
  #client: pg.Client | undefined;
  #next: NodeJS.Timeout | undefined;
  #isListening = false;
  #isClosed = false;
  #failures = 0;

  constructor(url: string, listener: OutageListener) {
    const address = parseAddress(url);
    this.#url = address.url;
    this.#channel = revisionsChannel(address.schema);
    this.#outage = new Outage(listener);
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  publish(): void {}

  listen(listener: FeedListener): void {
    void this.#connect(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#next);
    await this.#drop();
  }

  async #connect(listener: FeedListener): Promise<void> {
    let client: pg.Client;
    try {
      client = this.#newClient(listener);
    } catch (error) {
      // Such as for a certificate that is gone.
      return this.#connectLater(error, listener);
    }
    this.#client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${this.#channel}`);
    } catch (error) {
      return this.#lost(client, error, listener);
    }
    if (this.#client !== client) return;
    this.#isListening = true;
    this.#failures = 0;
    this.#outage.over();
    listener.onListening();
    this.#beatLater(client, listener);
  }

  #newClient(listener: FeedListener): pg.Client {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'latchkey feed',
    });
    client.on('error', (error) => this.#lost(client, error, listener));
    client.on('end', () => this.#lost(client, new Error('the connection has ended'), listener));
    client.on('notification', ({ payload }) => listener.onRevision(Number(payload)));
    return client;
  }

  #beatLater(client: pg.Client, listener: FeedListener): void {
    this.#next = setTimeout(async () => {
      try {
        await client.query('SELECT 1');
        if (this.#client === client) this.#beatLater(client, listener);
      } catch (error) {
        this.#lost(client, error, listener);
      }
    }, BEAT_MS).unref();
  }

  /** Once for each connection, however it tells of its end. */
  #lost(client: pg.Client, error: unknown, listener: FeedListener): void {
    if (this.#client !== client || this.#isClosed) return;
    void this.#drop();
    this.#connectLater(error, listener);
  }

  #connectLater(error: unknown, listener: FeedListener): void {
    this.#outage.met(new StatementFailed(error));
    this.#failures += 1;
    clearTimeout(this.#next);
    const delayMs = Math.min(this.#failures * RETRY_MS, RETRY_MS_MAX);
    this.#next = setTimeout(() => void this.#connect(listener), delayMs).unref();
  }

  /** A server that does not answer does not answer to a goodbye either: the socket is closed by us. */
  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#isListening = false;
    if (client === undefined) return;
    client.end().catch(() => {});
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}
