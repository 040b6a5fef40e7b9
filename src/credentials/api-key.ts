/**
 * API keys for scripts: in `X-Api-Key`, as a bearer, or as the password of Basic (RFC 7617), whose user name must
 * then be the key's. What a key may do is at most what its user may, within the key's own scope.
 */

import { LRUCache } from 'lru-cache';
import type { ApiKey, Awaitable, CredentialReader } from '../acl/ports.js';
import { nameOfPrincipal } from '../acl/principal.js';
import { API_KEY_PREFIX, hashApiKey, isApiKeyText } from './api-key-text.js';
import { type CredentialKind, type Identified, proven, type Recognised } from './credential.js';
import type { Failures } from './failures.js';
import type { Presented } from './presented.js';

export interface ApiKeySettings {
  readonly reader: CredentialReader;
  readonly failures: Failures;
  /** Notes that a key was used; it must not wait. */
  readonly onUse: (id: string, at: number) => void;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** Keys that were good, so that a flood of bad ones from the same address keeps none of them out. */
const GOOD_MAX = 10_000;
/** RFC 7617 sets none; a name of 255 bytes and a key fit. */
const BASIC_LENGTH_MAX = 1_024;

interface Given {
  readonly text: string;
  /** The user name of Basic. */
  readonly user: string | undefined;
  readonly basic: boolean;
}

interface Proofs {
  readonly plain: Identified;
  /** Browsers send Basic by themselves once they know it. */
  readonly basic: Identified;
}

export class ApiKeys implements CredentialKind {
  readonly #settings: ApiKeySettings;
  readonly #good = new LRUCache<string, true>({ max: GOOD_MAX });
  /** By the object that the reader keeps, so that a request makes none. */
  readonly #proofs = new WeakMap<ApiKey, Proofs>();

  constructor(settings: ApiKeySettings) {
    this.#settings = settings;
  }

  recognise(presented: Presented): Awaitable<Recognised> {
    const given = givenKey(presented);
    if (given === undefined) return 'absent';
    if (!isApiKeyText(given.text)) return this.#failed(presented, given);
    const hash = hashApiKey(given.text);
    if (!this.#good.has(hash) && this.#settings.failures.isOver(presented.address)) return 'limited';
    const fact = this.#settings.reader.credential(`key:${hash}`);
    if (fact instanceof Promise) {
      return fact.then(({ apiKey }) => this.#judge(apiKey, hash, given, presented));
    }
    return this.#judge(fact.apiKey, hash, given, presented);
  }

  #judge(key: ApiKey | undefined, hash: string, given: Given, presented: Presented): Recognised {
    const now = this.#settings.clock();
    const ended = key?.expiresAt !== undefined && now >= key.expiresAt;
    const othersName =
      given.user !== undefined && key !== undefined && given.user !== nameOfPrincipal(key.user);
    if (key === undefined || ended || othersName) return this.#failed(presented, given);
    this.#good.set(hash, true);
    this.#settings.onUse(key.id, now);
    const proofs = this.#proofsOf(key);
    return given.basic ? proofs.basic : proofs.plain;
  }

  #failed({ address }: Presented, { user }: Given): 'invalid' | 'limited' {
    return this.#settings.failures.note(address, user) ? 'limited' : 'invalid';
  }

  #proofsOf(key: ApiKey): Proofs {
    const known = this.#proofs.get(key);
    if (known !== undefined) return known;
    const subject = { authenticated: true, user: key.user, groups: [], scope: key.scope };
    const proofs = { plain: proven(subject, false), basic: proven(subject, true) };
    this.#proofs.set(key, proofs);
    return proofs;
  }
}

const SCHEME = /^(bearer|basic) +([^\s,]+)$/i;

function givenKey({ apiKey, authorization }: Presented): Given | undefined {
  // Another program's key may stand in X-Api-Key: that is none of ours, and no failure.
  if (apiKey?.startsWith(API_KEY_PREFIX) === true) return { text: apiKey, user: undefined, basic: false };
  const [, scheme = '', value = ''] = (authorization !== undefined && SCHEME.exec(authorization)) || [];
  if (scheme.toLowerCase() === 'basic') return basicKey(value);
  return value.startsWith(API_KEY_PREFIX) ? { text: value, user: undefined, basic: false } : undefined;
}

/** Basic with another password than a key is somebody else's, such as the site's own. */
function basicKey(value: string): Given | undefined {
  if (value.length > BASIC_LENGTH_MAX) return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  // The last one: a key has none, and a user may, such as `oidc:alice`.
  const colon = pair.lastIndexOf(':');
  const text = pair.slice(colon + 1);
  if (colon === -1 || !text.startsWith(API_KEY_PREFIX)) return undefined;
  return { text, user: pair.slice(0, colon), basic: true };
}
