/**
 * One request at a time writes to an upload. Whoever comes asks the one at it to make room, since that may hang on a
 * connection that is long gone; the library cuts it off a moment later, and keeps what has come. They get it in the
 * order of asking.
 */

import type { Lock, Locker, RequestRelease } from '@tus/server';
import { locked } from './refusal.js';

/** Longer than the library waits for the one before, and than a commit takes that is not stuck. */
const WAIT_MS = 30_000;
/** Of one upload. Each is a connection that waits. */
const WAITING_MAX = 200;

interface Holder {
  readonly requestRelease: RequestRelease;
}

interface Waiting extends Holder {
  readonly take: () => void;
}

interface Held {
  holder: Holder;
  readonly waiting: Waiting[];
}

export class UploadLocks implements Locker {
  readonly #held = new Map<string, Held>();

  newLock(id: string): Lock {
    return {
      lock: (signal, requestRelease) => this.#take(id, { requestRelease }, signal),
      unlock: async () => this.#release(id),
    };
  }

  /** Work that nobody cuts off. @throws ProtocolRefused `locked` */
  async run<T>(id: string, work: () => Promise<T>): Promise<T> {
    await this.#take(id, { requestRelease: () => undefined });
    try {
      return await work();
    } finally {
      this.#release(id);
    }
  }

  /** As `run`, of several; in one order, so that no two wait for each other. */
  async runAll<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const [id, ...rest] = ids.toSorted();
    return id === undefined ? work() : this.run(id, () => this.runAll(rest, work));
  }

  async #take(id: string, holder: Holder, signal?: AbortSignal): Promise<void> {
    const held = this.#held.get(id);
    if (held === undefined) {
      this.#held.set(id, { holder, waiting: [] });
      return;
    }
    if (held.waiting.length >= WAITING_MAX) throw locked();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { ...holder, take: resolve };
    const giveUp = () => {
      held.waiting.splice(held.waiting.indexOf(waiting), 1);
      reject(locked());
    };
    held.waiting.push(waiting);
    const timer = setTimeout(giveUp, WAIT_MS);
    signal?.addEventListener('abort', giveUp, { once: true });
    void held.holder.requestRelease();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  #release(id: string): void {
    const held = this.#held.get(id);
    const next = held?.waiting.shift();
    if (held === undefined || next === undefined) {
      this.#held.delete(id);
      return;
    }
    held.holder = next;
    next.take();
    if (held.waiting.length > 0) void next.requestRelease();
  }
}
