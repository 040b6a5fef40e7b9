/**
 * The keys of an issuer, from the URL of its JWK set or by OIDC discovery (OpenID Connect Discovery 1.0 §4).
 *
 * It is asked at most once in ten seconds and one request at a time, when a token of an unknown key comes and every
 * five minutes; a good answer replaces the set whole. While the issuer is away, what was known stays known.
 */

import { fetchJson } from './fetch-json.js';
import { KeyProblem } from './secret-text.js';
import { keysOfJwks, type TokenKey, type TokenRules } from './token-key.js';
import type { KeySource } from './token-keys.js';

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
/** Keys are looked at again this often, so that one that was withdrawn goes. */
export const REFRESH_MS = 5 * 60_000;
/** Of one document. nginx gives the authorizer two seconds. */
const LIMITS = { timeoutMs: 2_000, bytesMax: 512 * 1024 };

export class IssuerKeys implements KeySource {
  readonly #settings: IssuerSettings;
  #keys: readonly TokenKey[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  #inFlight: Promise<void> | undefined;
  /** What went wrong at the last time of asking, so that it is said once. */
  #problem: string | undefined;

  constructor(settings: IssuerSettings) {
    this.#settings = settings;
  }

  get keys(): readonly TokenKey[] {
    return this.#keys;
  }

  get isAway(): boolean {
    return this.#problem !== undefined;
  }

  /** To be called now and then: asks for the set when it is old, or could not be had; nobody waits for the answer. */
  refresh(): void {
    if (this.#keys.length === 0 || this.isAway || this.#age() >= REFRESH_MS) void this.seek();
  }

  /** `undefined`: it was asked a moment ago. */
  seek(): Promise<void> | undefined {
    if (this.#inFlight !== undefined) return this.#inFlight;
    if (this.#age() < REFETCH_MS) return undefined;
    this.#askedAt = this.#settings.clock();
    this.#inFlight = this.#fetch().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  #age(): number {
    return this.#settings.clock() - this.#askedAt;
  }

  async #fetch(): Promise<void> {
    try {
      this.#replace(keysOfJwks(await this.#set(), this.#settings.rules));
      this.#problem = undefined;
    } catch (error) {
      const what = error instanceof KeyProblem ? 'its set ' : '';
      const problem = `the keys of the issuer: ${what}${(error as Error).message}`;
      if (problem !== this.#problem) this.#settings.onProblem(problem);
      this.#problem = problem;
    }
  }

  async #set(): Promise<unknown> {
    const { address } = this.#settings;
    if ('jwksUrl' in address) return document(address.jwksUrl);
    const found = await document(`${address.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer, jwks_uri: jwksUrl } = (found ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
    // §4.3: it must be the one that was asked for, to the letter.
    if (issuer !== address.issuer)
      throw new Error(`${address.issuer} says of itself that it is another issuer`);
    if (typeof jwksUrl !== 'string' || !/^https?:\/\//.test(jwksUrl) || !URL.canParse(jwksUrl)) {
      throw new Error('it names no jwks_uri');
    }
    return document(jwksUrl);
  }

  #replace(keys: readonly TokenKey[]): void {
    const kept = new Set(keys.map(({ id, fingerprint }) => `${id} ${fingerprint}`));
    const dropped = this.#keys.some(({ id, fingerprint }) => !kept.has(`${id} ${fingerprint}`));
    this.#keys = keys;
    if (dropped) this.#settings.onDropped();
  }
}

async function document(url: string): Promise<unknown> {
  const { status, json } = await fetchJson(url, {}, LIMITS);
  if (status !== 200) throw new Error(`${new URL(url).origin} answered ${status}`);
  if (json === undefined) throw new Error(`${new URL(url).origin} answered with no JSON`);
  return json;
}
