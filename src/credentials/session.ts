/**
 * The site's own sessions (Django, Rails, Laravel, Express …): the site is asked who has this cookie, by a URL of
 * its own, and the answer is kept for some seconds.
 *
 * Only the named cookies travel. 401 and 403 are 'nobody'; whatever else goes wrong is not known, which is never a
 * refusal and never a stranger's yes. A kept answer ends with its time, with a sign-out of the user, or with the
 * site's own word that the session has ended.
 */

import { hash } from 'node:crypto';
import { parseCookie } from 'cookie';
import { LRUCache } from 'lru-cache';
import { NotKnown } from '../acl/errors.js';
import type { Awaitable, CredentialFact, CredentialReader, Standing } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { type ClaimNames, groupsOf, userOf, valueAt } from './claims.js';
import { type CredentialKind, type Identified, proven, type Recognised } from './credential.js';
import type { Failures } from './failures.js';
import { fetchJson } from './fetch-json.js';
import type { Presented } from './presented.js';

export interface SessionSettings {
  /** The site's URL that tells whose the cookie is. */
  readonly url: string;
  readonly cookieNames: readonly string[];
  readonly fields: ClaimNames;
  /** How long an answer is believed, counted from before it was asked for. */
  readonly keptMs: number;
  readonly timeoutMs: number;
  readonly reader: CredentialReader;
  readonly failures: Failures;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly onProblem: (message: string) => void;
}

/** Sessions kept at once: some ten megabytes. */
const KEPT_MAX = 20_000;
/** Requests to the site at once; above it the visitor is told to come back, so that we never flood the site. */
const ASKED_AT_ONCE_MAX = 64;
const ANSWER_BYTES_MAX = 64 * 1024;
/** Characters of the cookies that travel. */
const COOKIES_LENGTH_MAX = 8 * 1024;

interface Kept {
  readonly user: Principal;
  readonly proof: Identified;
  /** UTC milliseconds, from before the site was asked. */
  readonly askedAt: number;
}

export class Sessions implements CredentialKind {
  readonly #settings: SessionSettings;
  readonly #kept = new LRUCache<string, Kept>({ max: KEPT_MAX });
  readonly #asking = new Map<string, Promise<Kept | 'invalid'>>();

  constructor(settings: SessionSettings) {
    this.#settings = settings;
  }

  recognise(presented: Presented): Awaitable<Recognised> {
    const cookies = sessionCookies(presented.cookie, this.#settings.cookieNames);
    if (cookies === undefined) return 'absent';
    if (cookies.length > COOKIES_LENGTH_MAX) return 'invalid';
    const session = hashSession(cookies);
    const kept = this.#kept.get(session);
    const now = this.#settings.clock();
    // A wall clock that was set back makes no answer younger.
    if (kept === undefined || now - kept.askedAt >= this.#settings.keptMs || now < kept.askedAt) {
      return this.#asked(session, cookies, presented);
    }
    const current = this.#isCurrent(session, kept);
    if (current instanceof Promise) {
      return current.then((good) => (good ? kept.proof : this.#asked(session, cookies, presented)));
    }
    return current ? kept.proof : this.#asked(session, cookies, presented);
  }

  /** Neither the session nor its user was signed out since the site was asked. */
  #isCurrent(session: string, { user, askedAt }: Kept): Awaitable<boolean> {
    const { reader } = this.#settings;
    const standing = reader.standing(user);
    const fact = reader.credential(`session:${session}`);
    if (standing instanceof Promise || fact instanceof Promise) {
      return Promise.all([standing, fact]).then(([late, ended]) => isLater(askedAt, late, ended));
    }
    return isLater(askedAt, standing, fact);
  }

  async #asked(session: string, cookies: string, { address }: Presented): Promise<Recognised> {
    const { failures } = this.#settings;
    if (failures.isOver(address)) return 'limited';
    const kept = await this.#ask(session, cookies);
    if (kept === 'invalid') return failures.note(address) ? 'limited' : 'invalid';
    // It may have ended while the site was asked: then this answer is from before.
    if (await this.#isCurrent(session, kept)) return kept.proof;
    throw new NotKnown('site-unavailable', 'the session was ended while the site was asked about it');
  }

  /** One request at a time for a session, however many wait for it. */
  #ask(session: string, cookies: string): Promise<Kept | 'invalid'> {
    const asking = this.#asking.get(session);
    if (asking !== undefined) return asking;
    if (this.#asking.size >= ASKED_AT_ONCE_MAX) {
      throw new NotKnown(
        'site-unavailable',
        `the site is being asked about ${ASKED_AT_ONCE_MAX} sessions already`,
      );
    }
    const asked = this.#fetch(session, cookies).finally(() => this.#asking.delete(session));
    this.#asking.set(session, asked);
    return asked;
  }

  async #fetch(session: string, cookies: string): Promise<Kept | 'invalid'> {
    const { url, timeoutMs, clock, onProblem } = this.#settings;
    const askedAt = clock();
    try {
      const limits = { timeoutMs, bytesMax: ANSWER_BYTES_MAX };
      const { status, json } = await fetchJson(url, { cookie: cookies }, limits);
      const kept = this.#understood(status, json, askedAt);
      if (kept === 'invalid') this.#kept.delete(session);
      else this.#kept.set(session, kept);
      return kept;
    } catch (error) {
      const { message } = error as Error;
      onProblem(`sessions: ${message}`);
      throw new NotKnown('site-unavailable', message, { cause: error });
    }
  }

  #understood(status: number, json: unknown, askedAt: number): Kept | 'invalid' {
    const { fields, url } = this.#settings;
    if (status === 401 || status === 403) return 'invalid';
    if (status !== 200) throw new Error(`${url} answered ${status}; it must be 200, 401 or 403`);
    if (json === undefined) throw new Error(`${url} answered 200 with something that is no JSON`);
    const named = valueAt(json, fields.user);
    if (named === null) return 'invalid';
    const user = userOf(json, fields);
    if (user === undefined) {
      throw new Error(
        `${url} answered 200 without a user's name at '${fields.user}' (LATCHKEY_SESSION_USER_FIELD)`,
      );
    }
    const proof = proven({ authenticated: true, user, groups: groupsOf(json, fields) }, true);
    return { user, proof, askedAt };
  }
}

function isLater(askedAt: number, { signedOutAt = -1 }: Standing, { endedAt = -1 }: CredentialFact): boolean {
  return askedAt > signedOutAt && askedAt > endedAt;
}

/** The named cookies as they are sent to the site, in the order of their names; `undefined`: none of them came. */
export function sessionCookies(cookie: string | undefined, names: readonly string[]): string | undefined {
  if (cookie === undefined || !names.some((name) => cookie.includes(name))) return undefined;
  // Undecoded: the site gets the bytes that the browser sent.
  const all = parseCookie(cookie, { decode: (value) => value });
  const pairs = names.flatMap((name) => (all[name] === undefined ? [] : [`${name}=${all[name]}`]));
  return pairs.length === 0 ? undefined : pairs.join('; ');
}

/** How a session is named everywhere but in the visitor's cookie. */
export function hashSession(cookies: string): string {
  return hash('sha256', cookies, 'hex');
}
