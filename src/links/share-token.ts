/**
 * The token of a share link's URL: a public id, by which the link is found, listed and logged, and a secret behind it.
 * The text is told once, to whoever made the link; of it only the SHA-256 is kept.
 */

import { createHash, randomBytes } from 'node:crypto';

// Multiples of three: base64url then has one spelling for each.
const ID_BYTES = 9;
const SECRET_BYTES = 24;
const ID_LENGTH = 12;
/** No hyphen in front: the id is a word of the command line. */
const TOKEN = /^[A-Za-z0-9_][A-Za-z0-9_-]{43}$/;

export interface ShareToken {
  readonly id: string;
  /** SHA-256 of the whole token, in hexadecimal. */
  readonly hash: string;
}

export interface NewShareToken extends ShareToken {
  readonly text: string;
}

export function newShareToken(): NewShareToken {
  let id: string;
  do id = randomBytes(ID_BYTES).toString('base64url');
  while (id.startsWith('-'));
  const text = id + randomBytes(SECRET_BYTES).toString('base64url');
  return { text, id, hash: hashOf(text) };
}

/** `undefined`: it has not the one spelling of a token. */
export function readShareToken(text: string): ShareToken | undefined {
  return TOKEN.test(text) ? { id: text.slice(0, ID_LENGTH), hash: hashOf(text) } : undefined;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
