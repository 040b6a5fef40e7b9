/**
 * Judges signed URLs: whether one of our keys has signed it, for this path, for now, and whether nobody has taken it
 * back. Apart from the user: it allows, or it says nothing.
 */

import { createSecretKey, type KeyObject } from 'node:crypto';
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
export const AHEAD_SECONDS_MAX = 60;

/** The claims of a link that opens the path now, or: it did once. */
export type SignedUrlJudgement = SignedUrlClaims | typeof ENDED;
export const ENDED = 'ended';

export class SignedUrls {
  readonly #settings: SignedUrlSettings;
  #secrets: ReadonlyMap<string, KeyObject>;

  constructor(settings: SignedUrlSettings) {
    this.#settings = settings;
    this.#secrets = secretsOf(settings.keys);
  }

  /** The file of keys has changed. */
  replaceKeys(keys: readonly LinkKey[]): void {
    this.#secrets = secretsOf(keys);
  }

  /** `undefined`: this is no token of ours for the path. @throws NotKnown */
  judge(token: string, path: ResourcePath): Awaitable<SignedUrlJudgement | undefined> {
    const claims = this.#verified(token, path);
    if (claims === undefined) return undefined;
    if (this.#settings.clock() >= claims.expiresAt * 1000) return ENDED;
    const fact = this.#settings.reader.credential(SIGNED_URLS);
    if (fact instanceof Promise) return fact.then((late) => judged(claims, late));
    return judged(claims, fact);
  }

  /** What one of our keys has signed, whether or not it has ended. */
  #verified(token: string, path: ResourcePath): SignedUrlClaims | undefined {
    const read = readSignedUrl(token, path);
    if (read === undefined) return undefined;
    const { keyId, issuedAt, expiresAt } = read.claims;
    const secret = this.#secrets.get(keyId);
    if (secret === undefined || !isSignedBy(secret, read)) return undefined;
    if (issuedAt * 1000 > this.#settings.clock() + AHEAD_SECONDS_MAX * 1000) return undefined;
    return expiresAt - issuedAt <= this.#settings.secondsMax ? read.claims : undefined;
  }
}

/** Unless it was taken back: the link itself, all of its path, or all that its key had signed. */
function judged(claims: SignedUrlClaims, { revokedUrls }: CredentialFact): SignedUrlJudgement {
  if (revokedUrls === undefined) return claims;
  const { ids, generations, keys } = revokedUrls;
  if (ids.has(claims.id) || claims.generation < (generations.get(claims.path) ?? 0)) return ENDED;
  return claims.issuedAt <= (keys.get(claims.keyId) ?? -1) ? ENDED : claims;
}

function secretsOf(keys: readonly LinkKey[]): ReadonlyMap<string, KeyObject> {
  return new Map(keys.map(({ id, secret }) => [id, createSecretKey(secret, 'utf8')]));
}
