/**
 * From a request's headers to the subject that they prove (DESIGN §7). One module a kind; each kind answers
 * for itself alone, this file knows the order.
 */

import type { Awaitable } from '../acl/ports.js';
import { NOBODY, type Subject } from '../acl/principal.js';

/** The headers that credentials travel in; `http.IncomingHttpHeaders` fits. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
}

/** `absent`: nothing of this kind came. `invalid`: it came and proves nothing. Neither is an error. */
export type Recognised = Subject | 'absent' | 'invalid';

export interface CredentialKind {
  /** @throws NotKnown when it cannot be found out; never for a bad credential */
  recognise(headers: CredentialHeaders): Awaitable<Recognised>;
}

export interface Identified {
  readonly subject: Subject;
  /** A credential came, but none was valid: the answer may say so. */
  readonly invalid: boolean;
}

const ABSENT: Identified = Object.freeze({ subject: NOBODY, invalid: false });
const INVALID: Identified = Object.freeze({ subject: NOBODY, invalid: true });

export class Credentials {
  readonly #kinds: readonly CredentialKind[];

  /** @param kinds in the order of precedence: the first that is present and valid wins */
  constructor(kinds: readonly CredentialKind[]) {
    this.#kinds = kinds;
  }

  identify(headers: CredentialHeaders): Awaitable<Identified> {
    return this.#next(headers, 0, ABSENT);
  }

  #next(headers: CredentialHeaders, from: number, so: Identified): Awaitable<Identified> {
    let otherwise = so;
    for (let i = from; i < this.#kinds.length; i++) {
      const found = this.#kinds[i]?.recognise(headers) ?? 'absent';
      if (found instanceof Promise) return found.then((late) => this.#after(headers, i, otherwise, late));
      if (found === 'invalid') otherwise = INVALID;
      else if (found !== 'absent') return { subject: found, invalid: false };
    }
    return otherwise;
  }

  #after(headers: CredentialHeaders, i: number, so: Identified, found: Recognised): Awaitable<Identified> {
    if (found === 'absent') return this.#next(headers, i + 1, so);
    if (found === 'invalid') return this.#next(headers, i + 1, INVALID);
    return { subject: found, invalid: false };
  }
}
