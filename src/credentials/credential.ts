/**
 * From a request's headers to the subject that they prove (DESIGN §7). One module a kind; each kind answers
 * for itself alone, this file knows the order.
 */

import type { Awaitable } from '../acl/ports.js';
import { NOBODY, type Subject } from '../acl/principal.js';
import type { Presented } from './presented.js';

/** What became of the credentials of one request. */
export interface Identified {
  readonly subject: Subject;
  /** Credentials came, and none counted: they prove nothing, or too many that prove nothing came from there. */
  readonly failure: 'invalid' | 'limited' | undefined;
  /** A browser sends it by itself, whichever site asks: what it changes must be asked for by our own site. */
  readonly ambient: boolean;
}

/** `absent`: nothing of this kind came. `invalid`: it came and proves nothing. Neither is an error. */
export type Recognised = Identified | 'absent' | 'invalid' | 'limited';

export interface CredentialKind {
  /** @throws NotKnown when it cannot be found out; never for a bad credential */
  recognise(presented: Presented): Awaitable<Recognised>;
}

export function proven(subject: Subject, ambient: boolean): Identified {
  return Object.freeze({ subject, failure: undefined, ambient });
}

/** Nobody was looked for, or nothing came. */
export const NOT_IDENTIFIED: Identified = Object.freeze({
  subject: NOBODY,
  failure: undefined,
  ambient: false,
});
const INVALID: Identified = Object.freeze({ subject: NOBODY, failure: 'invalid', ambient: false });
const LIMITED: Identified = Object.freeze({ subject: NOBODY, failure: 'limited', ambient: false });

export class Credentials {
  readonly #kinds: readonly CredentialKind[];

  /** @param kinds in the order of precedence: the first that is present and valid wins */
  constructor(kinds: readonly CredentialKind[]) {
    this.#kinds = kinds;
  }

  identify(presented: Presented): Awaitable<Identified> {
    // A header for credentials that no kind reads as its own proves nothing, and the answer says so.
    const { authorization, apiKey = '' } = presented;
    return this.#next(presented, 0, authorization === undefined && apiKey === '' ? NOT_IDENTIFIED : INVALID);
  }

  #next(presented: Presented, from: number, so: Identified): Awaitable<Identified> {
    let otherwise = so;
    for (let i = from; i < this.#kinds.length; i++) {
      const found = this.#kinds[i]?.recognise(presented) ?? 'absent';
      if (found instanceof Promise) {
        const before = otherwise;
        return found.then((late) =>
          typeof late === 'string' ? this.#next(presented, i + 1, failing(before, late)) : late,
        );
      }
      if (typeof found !== 'string') return found;
      otherwise = failing(otherwise, found);
    }
    return otherwise;
  }
}

/** The kinds in use, with what they keep open. Whoever opened it closes it. */
export interface Recognition {
  readonly credentials: Credentials;
  close(): Promise<void>;
}

/** @param onProblem told, for the log, what goes wrong behind a credential and is nobody's refusal */
export type OpenRecognition = (onProblem: (message: string) => void) => Recognition;

/** `limited` is said before `invalid`: it tells the client to wait. */
function failing(before: Identified, found: 'absent' | 'invalid' | 'limited'): Identified {
  if (found === 'absent' || before === LIMITED) return before;
  return found === 'limited' ? LIMITED : INVALID;
}
