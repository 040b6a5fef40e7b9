/** Finds the keys that a token may have been signed with: by its key id, and never by what else it says. */

import type { Awaitable } from '../acl/ports.js';
import type { TokenHeader } from './token-header.js';
import type { TokenKey } from './token-key.js';

/** Where keys come from. */
export interface KeySource {
  /** Those that are known now. */
  readonly keys: readonly TokenKey[];
  /** Looks for new ones, for a token that none of the known has signed. `undefined`: there is nothing to wait for. */
  seek(): Promise<void> | undefined;
  /** It could not be asked: what it does not know may be there all the same. */
  readonly isAway: boolean;
}

/** Keys tried for one token, where its key id does not say which. */
const TRIED_MAX = 4;
const NO_KEYS: readonly TokenKey[] = Object.freeze([]);

/**
 * The keys of a set for a header. A key with an id is for the tokens of that id alone; a key without one is for
 * the tokens whose id no key has. A token without an id may also be of the only key of its algorithm.
 */
export function select(keys: readonly TokenKey[], { algorithm, keyId }: TokenHeader): readonly TokenKey[] {
  const fitting = keys.filter((key) => key.algorithm === algorithm);
  if (keyId !== undefined && keys.some(({ id }) => id === keyId)) {
    return fitting.filter(({ id }) => id === keyId).slice(0, TRIED_MAX);
  }
  const unnamed = fitting.filter(({ id }) => id === undefined);
  if (unnamed.length > 0) return unnamed.slice(0, TRIED_MAX);
  return keyId === undefined && fitting.length === 1 ? fitting : NO_KEYS;
}

/** The keys of all sources as one set. */
export class TokenKeys {
  readonly #sources: readonly KeySource[];

  constructor(sources: readonly KeySource[]) {
    this.#sources = sources;
  }

  /** Those to try first. They cost no question to anybody. */
  known(header: TokenHeader): readonly TokenKey[] {
    return select(this.#all(), header);
  }

  /** Those to try when the known ones did not verify it: what the issuers have published since. */
  sought(header: TokenHeader, tried: readonly TokenKey[]): Awaitable<readonly TokenKey[]> {
    if (!this.#mayBeNew(header)) return NO_KEYS;
    const waits = this.#sources.map((source) => source.seek()).filter((wait) => wait !== undefined);
    if (waits.length === 0) return this.#untried(header, tried);
    return Promise.all(waits).then(() => this.#untried(header, tried));
  }

  /** Whether a key for this token may be where nobody could be asked. */
  isUnsure(header: TokenHeader): boolean {
    return this.#mayBeNew(header) && this.#sources.some(({ isAway }) => isAway);
  }

  /** A key id that is known has its key already; and no issuer publishes a secret. */
  #mayBeNew({ algorithm, keyId }: TokenHeader): boolean {
    if (algorithm === 'HS256') return false;
    return keyId === undefined || !this.#all().some(({ id }) => id === keyId);
  }

  #untried(header: TokenHeader, tried: readonly TokenKey[]): readonly TokenKey[] {
    const before = new Set(tried.map(({ fingerprint }) => fingerprint));
    return this.known(header).filter(({ fingerprint }) => !before.has(fingerprint));
  }

  #all(): readonly TokenKey[] {
    return this.#sources.flatMap(({ keys }) => keys);
  }
}

/** Keys from files. They are exchanged whole when a file has changed. */
export class FixedKeys implements KeySource {
  readonly isAway = false;
  #keys: readonly TokenKey[];

  constructor(keys: readonly TokenKey[]) {
    this.#keys = keys;
  }

  get keys(): readonly TokenKey[] {
    return this.#keys;
  }

  replace(keys: readonly TokenKey[]): void {
    this.#keys = keys;
  }

  seek(): undefined {
    return undefined;
  }
}
