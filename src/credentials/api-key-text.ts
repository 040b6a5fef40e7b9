/** The text of an API key: `lk_` and 256 random bits. Only its SHA-256 is ever stored. */

import { hash, randomBytes } from 'node:crypto';

export const API_KEY_PREFIX = 'lk_';
const SECRET_BYTES = 32;
const ID_BYTES = 6;
const PATTERN = /^lk_[A-Za-z0-9_-]{43}$/;

export interface NewApiKey {
  /** What lists and logs call it. */
  readonly id: string;
  /** Shown once. */
  readonly text: string;
  readonly hash: string;
}

export function newApiKey(): NewApiKey {
  const text = API_KEY_PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  return { id: randomBytes(ID_BYTES).toString('hex'), text, hash: hashApiKey(text) };
}

export function isApiKeyText(text: string): boolean {
  return PATTERN.test(text);
}

/** SHA-256 in hexadecimal. No salt and no work factor: nobody guesses 256 random bits. */
export function hashApiKey(text: string): string {
  return hash('sha256', text, 'hex');
}
