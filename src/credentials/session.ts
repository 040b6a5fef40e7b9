/**
 * The site's own sessions (Django, Rails, Laravel, Express …): the site is asked who has this cookie, by a URL of
 * its own, and the answer is kept for some seconds.
 *
 * Only the named cookies travel. 401 and 403 are 'nobody'; whatever else goes wrong is not known, which is never a
 * refusal and never a stranger's yes. A kept answer ends with its time, with a sign-out of the user, or with the
 * site's own word that the session has ended.
 */

import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { NotKnown } from '../acl/errors.js';
import type { Awaitable, CredentialFact, CredentialReader, Standing } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { type ClaimNames, groupsOf, userOf, valueAt } from './claims.js';
import { type CredentialKind, type Identified, proven, type Recognised } from './credential.js';
import type { Failures } from './failures.js';
import { type FetchedJson, fetchJson } from './fetch-json.js';
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
  /** Milliseconds that never run backwards. */
  readonly elapsed: () => number;
}

/** Sessions kept at once: some ten megabytes. */
const KEPT_MAX = 20_000;
/** Requests to the site at once; above it the visitor is told to come back, so that we never flood the site. */
const ASKED_AT_ONCE_MAX = 64;
/** Questions for one request: it may share one that is too old for it, and its own may be overtaken by an end. */
const QUESTIONS_MAX = 3;
const ANSWER_BYTES_MAX = 64 * 1024;
/** Characters of the cookies that travel. */
const COOKIES_LENGTH_MAX = 8 * 1024;

/** By both clocks: the wall clock may be set, and the other one stops while the machine is suspended. */
interface Moment {
  readonly wall: number;
  readonly elapsed: number;
}

interface Answer {
  /** Before the site was asked. */
  readonly askedAt: Moment;
  /** `invalid`: the site refuses the cookie. `absent`: nobody has signed in to the session. */
  readonly found: Somebody | 'invalid' | 'absent';
}

interface Somebody {
  readonly user: Principal;
  readonly proof: Identified;
}

interface Kept extends Answer {
  readonly found: Somebody;
}

export class Sessions implements CredentialKind {
  readonly #settings: SessionSettings;
  readonly #kept: LRUCache<string, Kept>;
  readonly #asking = new Map<string, Promise<Answer>>();

  constructor(settings: SessionSettings, keptMax = KEPT_MAX) {
    this.#settings = settings;
    this.#kept = new LRUCache({ max: keptMax });
  }

  recognise({ cookie, address }: Presented): Awaitable<Recognised> {
    const cookies = sessionCookies(cookie, this.#settings.cookieNames);
    if (cookies === undefined) return 'absent';
    if (cookies.length > COOKIES_LENGTH_MAX) return 'invalid';
    const session = hashSession(cookies);
    const kept = this.#kept.get(session);
    const cameAt = this.#now();
    // A wall clock that was set back could make an end look older than the answer that it ends.
    if (kept === undefined || cameAt.wall < kept.askedAt.wall || !this.#isFor(cameAt, kept)) {
      return this.#asked(session, cookies, cameAt, address);
    }
    const current = this.#isCurrent(session, kept);
    if (current instanceof Promise) {
      return current.then((good) =>
        good ? kept.found.proof : this.#asked(session, cookies, cameAt, address),
      );
    }
    return current ? kept.found.proof : this.#asked(session, cookies, cameAt, address);
  }

  #now(): Moment {
    return { wall: this.#settings.clock(), elapsed: this.#settings.elapsed() };
  }

  /** Whether a request that came then may be judged by the answer. Only somebody is ever kept, never nobody. */
  #isFor(cameAt: Moment, { askedAt, found }: Answer): boolean {
    const ageMs = Math.max(cameAt.wall - askedAt.wall, cameAt.elapsed - askedAt.elapsed);
    return ageMs <= 0 || (typeof found !== 'string' && ageMs < this.#settings.keptMs);
  }

  /** Neither the session nor its user was signed out since the site was asked. */
  #isCurrent(session: string, { found: { user }, askedAt }: Kept): Awaitable<boolean> {
    const { reader } = this.#settings;
    const standing = reader.standing(user);
    const fact = reader.credential(`session:${session}`);
    if (standing instanceof Promise || fact instanceof Promise) {
      return Promise.all([standing, fact]).then(([late, ended]) => isLater(askedAt, late, ended));
    }
    return isLater(askedAt, standing, fact);
  }

  async #asked(
    session: string,
    cookies: string,
    cameAt: Moment,
    address: string | undefined,
  ): Promise<Recognised> {
    const { failures } = this.#settings;
    if (failures.isOver(address)) return 'limited';
    for (let questions = 0; questions < QUESTIONS_MAX; questions++) {
      const answer = await this.#ask(session, cookies);
      if (!this.#isFor(cameAt, answer)) continue;
      if (answer.found === 'absent') return 'absent';
      if (answer.found === 'invalid') return failures.note(address) ? 'limited' : 'invalid';
      // It may have ended while the site was asked: then this answer is from before.
      if (isKept(answer) && (await this.#isCurrent(session, answer))) return answer.found.proof;
    }
    throw new NotKnown('site-unavailable', 'the session was ended while the site was asked about it');
  }

  /** One request at a time for a session, however many wait for it. */
  #ask(session: string, cookies: string): Promise<Answer> {
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

  async #fetch(session: string, cookies: string): Promise<Answer> {
    const { url, timeoutMs } = this.#settings;
    const askedAt = this.#now();
    try {
      const limits = { timeoutMs, bytesMax: ANSWER_BYTES_MAX };
      const answer = { askedAt, found: this.#understood(await fetchJson(url, { cookie: cookies }, limits)) };
      if (isKept(answer)) this.#kept.set(session, answer);
      else this.#kept.delete(session);
      return answer;
    } catch (error) {
      throw new NotKnown('site-unavailable', `sessions: ${(error as Error).message}`, { cause: error });
    }
  }

  #understood({ status, json }: FetchedJson): Answer['found'] {
    const { fields, url } = this.#settings;
    if (status === 401 || status === 403) return 'invalid';
    if (status !== 200) throw new Error(`${url} answered ${status}; it must be 200, 401 or 403`);
    if (json === undefined) throw new Error(`${url} answered 200 with something that is no JSON`);
    if (valueAt(json, fields.user) === null) return 'absent';
    const user = userOf(json, fields);
    if (user === undefined) {
      throw new Error(
        `${url} answered 200 without a user's name at '${fields.user}' (LATCHKEY_SESSION_USER_FIELD)`,
      );
    }
    return { user, proof: proven({ authenticated: true, user, groups: groupsOf(json, fields) }, true) };
  }
}

function isKept(answer: Answer): answer is Kept {
  return typeof answer.found !== 'string';
}

function isLater(
  { wall }: Moment,
  { signedOutAt = -1 }: Standing,
  { endedAt = -1 }: CredentialFact,
): boolean {
  return wall > signedOutAt && wall > endedAt;
}

/**
 * The named cookies as they are sent to the site, in the order of the names; `undefined`: none of them came. They
 * stay undecoded, and all of a name stay, in their order: which of them counts, and as what, is the site's to say.
 */
export function sessionCookies(cookie: string | undefined, names: readonly string[]): string | undefined {
  if (cookie === undefined || !names.some((name) => cookie.includes(name))) return undefined;
  const came = cookie.split(';').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return { name: name.trim(), value: value.join('=').trim() };
  });
  const pairs = names.flatMap((name) =>
    // An empty one is what a sign-out leaves.
    came.filter((one) => one.name === name && one.value !== '').map(({ value }) => `${name}=${value}`),
  );
  return pairs.length === 0 ? undefined : pairs.join('; ');
}

/** How a session is named everywhere but in the visitor's cookie. */
export function hashSession(cookies: string): string {
  return hash('sha256', cookies, 'hex');
}
