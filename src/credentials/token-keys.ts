/** Finds the keys that a token may have been signed with: by its key id, and never by what else it says. */

import type { Awaitable } from '../acl/ports.js';
import type { Algorithm, TokenKey } from './token-key.js';

/** What is read of a token's header. `jku`, `x5u`, `jwk` and all else that would bring a key along is not. */
export interface TokenHeader {
  readonly algorithm: string;
  readonly keyId: string | undefined;
}

export interface TokenKeys {
  /** The keys to try; none: nobody whom we trust has signed this. @throws NotKnown */
  find(header: TokenHeader): Awaitable<readonly TokenKey[]>;
}

/** Characters. Some issuers use the thumbprint or a URL. */
const KEY_ID_LENGTH_MAX = 256;
/** Keys without an id that are tried for one token. */
const TRIED_MAX = 4;
const NO_KEYS: readonly TokenKey[] = Object.freeze([]);
const ALGORITHMS: ReadonlySet<string> = new Set<Algorithm>([
  ...(['HS256', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
]);

/** `undefined`: no token of ours begins like this. */
export function readHeader(token: string): TokenHeader | undefined {
  const end = token.indexOf('.');
  if (end <= 0) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(token.slice(0, end), 'base64url').toString());
  } catch {
    return undefined;
  }
  if (typeof header !== 'object' || header === null) return undefined;
  const { alg, kid } = header as { alg?: unknown; kid?: unknown };
  if (typeof alg !== 'string' || !ALGORITHMS.has(alg)) return undefined;
  if (kid === undefined) return { algorithm: alg, keyId: undefined };
  if (typeof kid !== 'string' || kid === '' || kid.length > KEY_ID_LENGTH_MAX) return undefined;
  return { algorithm: alg, keyId: kid };
}

/**
 * The keys of a set for a header. A key with an id is for the tokens of that id alone; a key without one is for
 * the tokens whose id no key has. A token without an id may also be of the only key of its algorithm.
 */
export function select(keys: readonly TokenKey[], { algorithm, keyId }: TokenHeader): readonly TokenKey[] {
  if (keyId !== undefined) {
    const named = keys.filter((key) => key.id === keyId);
    if (named.length > 0) return named.filter((key) => key.algorithm === algorithm);
  }
  const fitting = keys.filter((key) => key.algorithm === algorithm);
  const unnamed = fitting.filter((key) => key.id === undefined);
  if (unnamed.length > 0) return unnamed.slice(0, TRIED_MAX);
  return keyId === undefined && fitting.length === 1 ? fitting : NO_KEYS;
}

/** Keys from files. They are exchanged whole when a file has changed. */
export class FixedKeys implements TokenKeys {
  #keys: readonly TokenKey[];

  constructor(keys: readonly TokenKey[]) {
    this.#keys = keys;
  }

  replace(keys: readonly TokenKey[]): void {
    this.#keys = keys;
  }

  find(header: TokenHeader): readonly TokenKey[] {
    return select(this.#keys, header);
  }
}

/** Several sources, in their order: the first that has a key answers. */
export class AnyKeys implements TokenKeys {
  readonly #sources: readonly TokenKeys[];

  constructor(sources: readonly TokenKeys[]) {
    this.#sources = sources;
  }

  find(header: TokenHeader): Awaitable<readonly TokenKey[]> {
    return this.#from(header, 0);
  }

  #from(header: TokenHeader, first: number): Awaitable<readonly TokenKey[]> {
    for (let i = first; i < this.#sources.length; i++) {
      const found = this.#sources[i]?.find(header) ?? NO_KEYS;
      if (found instanceof Promise) {
        return found.then((late) => (late.length > 0 ? late : this.#from(header, i + 1)));
      }
      if (found.length > 0) return found;
    }
    return NO_KEYS;
  }
}
