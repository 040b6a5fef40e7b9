/** What a store keeps of credentials, for whoever makes and ends them. What decides of one is `ports.ts`'s. */

import type { ApiKey, Written } from './ports.js';
import type { Principal } from './principal.js';

/** An API key as it is stored and listed; of the key itself only the SHA-256, in hexadecimal. */
export interface ApiKeyRecord extends ApiKey {
  readonly hash: string;
  readonly createdAt: number;
  /** Written in batches: it may be a minute late. */
  readonly lastUsedAt: number | undefined;
  readonly note: string;
}

/** How long a store remembers that a session was ended, at the least. */
export const SESSION_MARK_MS = 24 * 60 * 60 * 1000;

export interface CredentialStore {
  /** @throws when a key of this id or hash is there already */
  addApiKey(key: ApiKeyRecord): Promise<Written<void>>;
  /** By user, then by age. */
  apiKeys(user?: Principal): Promise<readonly ApiKeyRecord[]>;
  /** `undefined`: there is none of that id, and nothing is written. */
  removeApiKey(id: string): Promise<Written<ApiKeyRecord | undefined>>;
  /** Ends every token and session of the user from before `at`. */
  signOut(user: Principal, at: number): Promise<Written<void>>;
  endToken(id: string, at: number): Promise<Written<void>>;
  /**
   * Forgets sessions that were ended SESSION_MARK_MS before: no authorizer keeps anything of them so long.
   * @param hash SHA-256 of the session's cookies, in hexadecimal
   */
  endSession(hash: string, at: number): Promise<Written<void>>;
}

/** What the authorizer writes: when keys were used. No decision rests on it, so it takes no revision. */
export interface UsageStore {
  /** @param uses UTC milliseconds by the id of the key; an earlier one than is stored changes nothing */
  recordUses(uses: ReadonlyMap<string, number>): Promise<void>;
}
