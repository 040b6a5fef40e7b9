/**
 * Judges signed URLs: whether one of our keys has signed it, for this path, for now, and whether nobody has taken it
 * back. Apart from the user: it allows, or it says nothing.
 */

import { type Awaitable, type CredentialFact, type CredentialReader, SIGNED_URLS } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { isSignedBy, type LinkKey, readSignedUrl, type SignedUrlClaims } from './signed-url.js';

export interface SignedUrlSettings {
  readonly keys: readonly LinkKey[];
  /** The longest life that a link may have, in seconds. */
  readonly secondsMax: number;
  readonly reader: CredentialReader;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** The clock of whoever signs may be ahead by this much. */
const AHEAD_SECONDS_MAX = 60;

export class SignedUrls {
  readonly #settings: SignedUrlSettings;
  #secrets: ReadonlyMap<string, string>;

  constructor(settings: SignedUrlSettings) {
    this.#settings = settings;
    this.#secrets = secretsOf(settings.keys);
  }

  /** The file of keys has changed. */
  replaceKeys(keys: readonly LinkKey[]): void {
    this.#secrets = secretsOf(keys);
  }

  /** The claims of a link that opens the path now; `undefined`: this one does not. @throws NotKnown */
  judge(token: string, path: ResourcePath): Awaitable<SignedUrlClaims | undefined> {
    const claims = this.#verified(token, path);
    if (claims === undefined) return undefined;
    const fact = this.#settings.reader.credential(SIGNED_URLS);
    if (fact instanceof Promise) return fact.then((late) => standing(claims, late));
    return standing(claims, fact);
  }

  #verified(token: string, path: ResourcePath): SignedUrlClaims | undefined {
    const read = readSignedUrl(token, path);
    if (read === undefined) return undefined;
    const { keyId, issuedAt, expiresAt } = read.claims;
    const secret = this.#secrets.get(keyId);
    if (secret === undefined || !isSignedBy(secret, read)) return undefined;
    const now = this.#settings.clock() / 1000;
    if (now >= expiresAt || issuedAt > now + AHEAD_SECONDS_MAX) return undefined;
    return expiresAt - issuedAt <= this.#settings.secondsMax ? read.claims : undefined;
  }
}

/** Unless it was taken back: the link itself, all of its path, or all that its key had signed. */
function standing(claims: SignedUrlClaims, { revokedUrls }: CredentialFact): SignedUrlClaims | undefined {
  if (revokedUrls === undefined) return claims;
  const { ids, generations, keys } = revokedUrls;
  if (ids.has(claims.id) || claims.generation < (generations.get(claims.path) ?? 0)) return undefined;
  return claims.issuedAt <= (keys.get(claims.keyId) ?? -1) ? undefined : claims;
}

function secretsOf(keys: readonly LinkKey[]): ReadonlyMap<string, string> {
  return new Map(keys.map(({ id, secret }) => [id, secret]));
}
