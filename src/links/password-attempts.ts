/**
 * How often passwords of links may be tried, by all files services of one store together. Each attempt is counted as a
 * failure before its password is looked at, so that a hundred at once are not each the first; a success is taken off
 * again. Where the store cannot be asked, nothing is tried.
 */

import { addressKey } from '../acl/address-key.js';
import type { AttemptNames, AttemptStore } from '../acl/count-ports.js';
import { reserve, succeed, takeBack } from './attempt-rules.js';
import { digestName } from './digest-name.js';

/** Who tries what. */
export interface Attempt {
  readonly linkId: string;
  readonly address: string | undefined;
}

export class PasswordAttempts {
  readonly #store: AttemptStore;

  constructor(store: AttemptStore) {
    this.#store = store;
  }

  /**
   * Milliseconds to wait. 0: it may be tried now, and counts as a failure until `succeeded` or `takeBack`.
   *
   * @throws NotKnown, StoreBusy
   */
  reserve(attempt: Attempt): Promise<number> {
    return this.#store.count(namesOf(attempt), reserve);
  }

  /** It was the password. @throws NotKnown, StoreBusy */
  succeeded(attempt: Attempt): Promise<void> {
    return this.#store.count(namesOf(attempt), succeed);
  }

  /** It was not looked at after all. @throws NotKnown, StoreBusy */
  takeBack(attempt: Attempt): Promise<void> {
    return this.#store.count(namesOf(attempt), takeBack);
  }
}

function namesOf({ linkId, address }: Attempt): AttemptNames {
  const from = addressKey(address);
  return {
    'address-on-link': digestName(['address-on-link', linkId, from]),
    address: digestName(['address', from]),
    link: digestName(['link', linkId]),
  };
}
