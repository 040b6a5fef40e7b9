/**
 * What the authorizer reads of a question's headers, taken from the raw list: node:http would make an object of
 * all of them, at more than the price of the decision.
 */

import type { CredentialHeaders } from '../credentials/credential.js';

export interface Asked extends CredentialHeaders {
  /** The visitor's method; nginx's own question is always a GET. */
  readonly method: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

const METHOD = 'x-latchkey-method';
const AUTHORIZATION = 'authorization';
const COOKIE = 'cookie';

/** @param raw name, value, name, value …; nginx sends each once, and of several the first counts */
export function readAsked(raw: readonly string[]): Asked {
  let method: string | undefined;
  let authorization: string | undefined;
  let cookie: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (isNamed(name, METHOD)) method ??= raw[i + 1];
    else if (isNamed(name, AUTHORIZATION)) authorization ??= raw[i + 1];
    else if (isNamed(name, COOKIE)) cookie ??= raw[i + 1];
  }
  return { method, authorization, cookie };
}

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted;
}
