/** What tests of the credential kinds are given: a request with nothing in it but what they put there. */

import { askedOf, type Presented } from '../../src/credentials/presented.js';

export function presented(parts: Partial<Presented> = {}): Presented {
  return { ...askedOf({}), ...parts };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** As a header's bytes come from node:http: one character a byte. */
export function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
