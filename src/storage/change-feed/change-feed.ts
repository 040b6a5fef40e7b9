/**
 * The port of a change feed: it tells quickly that the store has another revision. Nothing rests on it: messages may
 * come late, twice, in another order, or never, since the numbers are compared, what lies between them is read from the
 * change log, and the store is polled besides. It must never keep a write waiting, nor end a process.
 */

export interface FeedListener {
  /** Somebody has committed it. */
  onRevision(revision: number): void;
  /** From here on it hears; what was said before it may have missed. */
  onListening(): void;
}

export interface ChangeFeed {
  /** Once, from when on it listens and connects again for ever. */
  listen(listener: FeedListener): void;
  /** After the commit. It waits for nothing and throws nothing. */
  publish(revision: number): void;
  /** Whether what is published now would be heard here. */
  readonly isListening: boolean;
  /** Waits, for a bounded time, until what was published has gone out. */
  close(): Promise<void>;
}
