/** What was taken back of signed URLs, in memory. */

import type { SignedUrlStore } from '../../acl/link-ports.js';
import { type RevokedUrls, SIGNED_URLS, type Written } from '../../acl/ports.js';

/** Numbers a write by its revision and logs what it touched. */
type Write = <T>(value: T, touched: readonly string[]) => Written<T>;

export class MemorySignedUrls implements SignedUrlStore {
  readonly #write: Write;
  readonly #ids = new Map<string, number>();
  readonly #generations = new Map<string, number>();
  readonly #keys = new Map<string, number>();

  constructor(write: Write) {
    this.#write = write;
  }

  /** As it is now: what comes later is another object. */
  revoked(): RevokedUrls {
    return {
      ids: new Set(this.#ids.keys()),
      generations: new Map(this.#generations),
      keys: new Map(this.#keys),
    };
  }

  async generation(path: string): Promise<number> {
    return this.#generations.get(path) ?? 0;
  }

  async revokeUrl(id: string, now: number, forgetAt: number): Promise<Written<void>> {
    for (const [known, until] of this.#ids) if (until <= now) this.#ids.delete(known);
    this.#ids.set(id, Math.max(forgetAt, this.#ids.get(id) ?? forgetAt));
    return this.#write(undefined, [SIGNED_URLS]);
  }

  async raiseGeneration(path: string): Promise<Written<number>> {
    const generation = (this.#generations.get(path) ?? 0) + 1;
    this.#generations.set(path, generation);
    return this.#write(generation, [SIGNED_URLS]);
  }

  async revokeUrlsOf(keyId: string, second: number): Promise<Written<void>> {
    this.#keys.set(keyId, Math.max(second, this.#keys.get(keyId) ?? second));
    return this.#write(undefined, [SIGNED_URLS]);
  }
}
