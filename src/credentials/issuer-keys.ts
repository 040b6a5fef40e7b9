/**
 * The keys of an issuer, from the URL of its JWK set or by OIDC discovery (OpenID Connect Discovery 1.0 §4).
 *
 * A token of an unknown key id asks for the set again, at most once in ten seconds and one request at a time; a
 * good answer replaces the set whole. While the issuer is away, what was known stays known; of anything else we
 * do not know, which is no refusal.
 */

import { NotKnown } from '../acl/errors.js';
import type { Awaitable } from '../acl/ports.js';
import { fetchJson } from './fetch-json.js';
import { KeyProblem } from './secret-text.js';
import { keysOfJwks, type TokenKey, type TokenRules } from './token-key.js';
import { select, type TokenHeader, type TokenKeys } from './token-keys.js';

export type IssuerAddress = { readonly jwksUrl: string } | { readonly issuer: string };

export interface IssuerSettings {
  readonly address: IssuerAddress;
  readonly rules: TokenRules;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** A key that was known is gone: what was verified with it must not be remembered. */
  readonly onDropped: () => void;
  readonly onProblem: (message: string) => void;
}

const REFETCH_MS = 10_000;
/** Keys that nobody asks anew for are looked at again this often, so that one that was withdrawn goes. */
const REFRESH_MS = 5 * 60_000;
const LIMITS = { timeoutMs: 2_000, bytesMax: 512 * 1024 };
const NO_KEYS: readonly TokenKey[] = Object.freeze([]);

export class IssuerKeys implements TokenKeys {
  readonly #settings: IssuerSettings;
  #keys: readonly TokenKey[] | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  #inFlight: Promise<void> | undefined;

  constructor(settings: IssuerSettings) {
    this.#settings = settings;
  }

  /** Asks for the set when it is old, or was never had; nobody waits for the answer. */
  refresh(): void {
    if (this.#keys === undefined || this.#age() >= REFRESH_MS) void this.#ask();
  }

  find(header: TokenHeader): Awaitable<readonly TokenKey[]> {
    if (header.algorithm === 'HS256') return NO_KEYS;
    const known = this.#known(header);
    if (known.length > 0) {
      this.refresh();
      return known;
    }
    const asking = this.#ask();
    if (asking === undefined) return this.#afterwards(header);
    return asking.then(() => this.#afterwards(header));
  }

  #afterwards(header: TokenHeader): readonly TokenKey[] {
    const known = this.#known(header);
    if (known.length > 0 || !this.#failed) return known;
    throw new NotKnown(
      'issuer-unavailable',
      'the keys of the issuer cannot be had, and this token has a new one',
    );
  }

  #known(header: TokenHeader): readonly TokenKey[] {
    return this.#keys === undefined ? NO_KEYS : select(this.#keys, header);
  }

  #age(): number {
    return this.#settings.clock() - this.#askedAt;
  }

  /** `undefined`: it was asked a moment ago. */
  #ask(): Promise<void> | undefined {
    if (this.#inFlight !== undefined) return this.#inFlight;
    if (this.#age() < REFETCH_MS) return undefined;
    this.#askedAt = this.#settings.clock();
    this.#inFlight = this.#fetch().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #fetch(): Promise<void> {
    try {
      this.#replace(keysOfJwks(await this.#set(), this.#settings.rules));
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      this.#settings.onProblem(`the keys of the issuer: ${(error as Error).message}`);
    }
  }

  async #set(): Promise<unknown> {
    const { address } = this.#settings;
    if ('jwksUrl' in address) return document(address.jwksUrl);
    const found = await document(`${address.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer, jwks_uri: jwksUrl } = (found ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
    // §4.3: it must be the one that was asked for, to the letter.
    if (issuer !== address.issuer)
      throw new KeyProblem(`${address.issuer} says of itself that it is another issuer`);
    if (typeof jwksUrl !== 'string' || !/^https?:\/\//.test(jwksUrl) || !URL.canParse(jwksUrl)) {
      throw new KeyProblem('it names no jwks_uri');
    }
    return document(jwksUrl);
  }

  #replace(keys: readonly TokenKey[]): void {
    if (keys.length === 0) throw new KeyProblem('the set holds no key that can be used');
    const kept = new Set(keys.map(({ id, fingerprint }) => `${id} ${fingerprint}`));
    const dropped = this.#keys?.some(({ id, fingerprint }) => !kept.has(`${id} ${fingerprint}`));
    this.#keys = keys;
    if (dropped === true) this.#settings.onDropped();
  }
}

async function document(url: string): Promise<unknown> {
  const { status, json } = await fetchJson(url, {}, LIMITS);
  if (status !== 200) throw new Error(`${new URL(url).origin} answered ${status}`);
  if (json === undefined) throw new Error(`${new URL(url).origin} answered with no JSON`);
  return json;
}
