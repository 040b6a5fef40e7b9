/** What a link may be given, and how much of it: one place for the command line and the HTTP API. */

import { type Principal, parsePrincipal } from '../acl/principal.js';
import { parseAddressRange } from './address-ranges.js';
import { passwordProblem } from './password.js';

/** By configuration, in milliseconds. */
export interface LinkLifetime {
  /** Of a link that asks for none. */
  readonly lifetimeMs: number;
  readonly lifetimeMsMax: number;
}

export const RECIPIENTS_MAX = 50;
export const ADDRESSES_MAX = 20;
export const ENDINGS_MAX = 20;
/** Characters of an ending, with its dot. */
export const ENDING_LENGTH_MAX = 32;
/** Characters of a note or a contact: a line of a list, a line of a page. */
export const TEXT_LENGTH_MAX = 200;
/** Characters; NIST SP 800-63B §5.1.1. Guesses are slowed down, yet a URL with its password may be guessed at for months. */
export const PASSWORD_LENGTH_MIN = 8;
export const COUNT_MAX = 1_000_000;
/** Of a file that came by a link: a century, as for every upload. */
export const FILE_SECONDS_MAX = 100 * 366 * 24 * 60 * 60;
/** Bytes a second: below this no download ends, and each holds a connection of nginx. */
export const RATE_MIN = 1024;

/** A request for a link that cannot be granted as it is: a sentence that says what would be right. */
export class LinkProblem extends Error {
  override readonly name = 'LinkProblem';
}

export function recipientsOf(texts: readonly string[]): readonly Principal[] {
  requireFew(texts, RECIPIENTS_MAX, 'recipients');
  return texts.filter(isFirst).map((text) => {
    const principal = parsePrincipal(text);
    if (principal !== undefined) return principal;
    throw new LinkProblem(
      `a recipient is user:NAME, group:NAME, authenticated or anyone, not '${quoted(text)}'`,
    );
  });
}

export function addressesOf(texts: readonly string[]): readonly string[] {
  requireFew(texts, ADDRESSES_MAX, 'addresses');
  for (const text of texts) {
    if (parseAddressRange(text) !== undefined) continue;
    throw new LinkProblem(
      `an address is one such as 192.0.2.7, or a range such as 10.0.0.0/8 or fd00::/8, not '${quoted(text)}'`,
    );
  }
  return texts.filter(isFirst);
}

/** Lower case, as names are compared with them. */
export function endingsOf(texts: readonly string[]): readonly string[] {
  requireFew(texts, ENDINGS_MAX, 'endings');
  const endings = texts.map((text) => text.normalize('NFC').toLowerCase());
  for (const ending of endings) {
    if (/^\.[^/\\\p{C}]+$/u.test(ending) && ending.length <= ENDING_LENGTH_MAX) continue;
    throw new LinkProblem(
      `an ending is a dot and what follows it, such as .pdf, of at most ${ENDING_LENGTH_MAX} characters, not '${quoted(ending)}'`,
    );
  }
  return endings.filter(isFirst);
}

/** @param what such as `downloads`, as the sentence names it */
export function countOf(what: string, count: number, least: number, most: number): number {
  if (Number.isInteger(count) && count >= least && count <= most) return count;
  throw new LinkProblem(`the limit of ${what} is a whole number from ${least} to ${most}, not ${count}`);
}

export function lineOf(what: 'note' | 'contact', text: string): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) || !text.isWellFormed()) {
    throw new LinkProblem(`the ${what} is one line of text, without control characters`);
  }
  if (text.length <= TEXT_LENGTH_MAX) return text;
  throw new LinkProblem(`the ${what} has at most ${TEXT_LENGTH_MAX} characters, not ${text.length}`);
}

export function checkPassword(text: string): void {
  const short = [...text].length < PASSWORD_LENGTH_MIN;
  const problem = short ? `it has fewer than ${PASSWORD_LENGTH_MIN} characters` : passwordProblem(text);
  if (problem !== undefined) throw new LinkProblem(`this cannot be a password: ${problem}`);
}

function requireFew(texts: readonly string[], most: number, what: string): void {
  if (texts.length <= most) return;
  throw new LinkProblem(`a link has at most ${most} ${what}, not ${texts.length}; give a group or a range`);
}

function isFirst(text: string, at: number, texts: readonly string[]): boolean {
  return texts.indexOf(text) === at;
}

/** What a stranger sent, in a sentence. */
function quoted(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
}
