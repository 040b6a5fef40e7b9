/**
 * Access tokens (JWT, RFC 7519), from `Authorization: Bearer` (RFC 6750) or a cookie of a configured name.
 *
 * Every error of a verifier is 'invalid', whatever kind it is. A verified token is remembered until it expires,
 * because the signature costs more than the rest of a decision; whether it was ended early is asked each time.
 */

import { parseCookie } from 'cookie';
import { LRUCache } from 'lru-cache';
import { NotKnown } from '../acl/errors.js';
import type { Awaitable, CredentialFact, CredentialReader, Standing } from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { API_KEY_PREFIX } from './api-key-text.js';
import { type ClaimNames, groupsOf, userOf } from './claims.js';
import { type CredentialKind, type Identified, proven, type Recognised } from './credential.js';
import type { Failures } from './failures.js';
import type { Presented } from './presented.js';
import { readHeader, type TokenHeader } from './token-header.js';
import type { TokenKey } from './token-key.js';
import type { TokenKeys } from './token-keys.js';

export interface AccessTokenSettings {
  readonly keys: TokenKeys;
  /** The cookie that carries the token where there is no Authorization header; `undefined`: none does. */
  readonly cookieName: string | undefined;
  readonly claims: ClaimNames;
  readonly reader: CredentialReader;
  readonly failures: Failures;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** Characters. Larger ones are refused before anything is parsed: browsers and proxies stop near here too. */
export const TOKEN_LENGTH_MAX = 8 * 1024;
/** Characters of tokens remembered: about 20,000 of them. */
const REMEMBERED_LENGTH_MAX = 8 * 1024 * 1024;
/** Clocks differ: a token may be not yet valid by this much. `exp` has no leeway. */
const NOT_BEFORE_LEEWAY_SECONDS = 5;
/** No token lives this long: an `exp` beyond it is in milliseconds, or somebody's mistake. */
const LIFE_SECONDS_MAX = 10 * 366 * 24 * 60 * 60;
/** Characters of a `jti` by which a token can be ended. */
const TOKEN_ID_LENGTH_MAX = 255;

interface Verified {
  readonly user: Principal;
  /** The `jti`, where it has one. */
  readonly id: string | undefined;
  /** Whole seconds. */
  readonly issuedAt: number | undefined;
  /** UTC milliseconds, exclusive. */
  readonly expiresAt: number;
  readonly fromHeader: Identified;
  readonly fromCookie: Identified;
}

const NEVER_ENDED: CredentialFact = Object.freeze({});

export class AccessTokens implements CredentialKind {
  readonly #settings: AccessTokenSettings;
  readonly #remembered = new LRUCache<string, Verified>({
    maxSize: REMEMBERED_LENGTH_MAX,
    sizeCalculation: (_verified, token) => token.length,
  });

  constructor(settings: AccessTokenSettings) {
    this.#settings = settings;
  }

  /** A key was withdrawn: what it signed is verified again. */
  forget(): void {
    this.#remembered.clear();
  }

  recognise(presented: Presented): Awaitable<Recognised> {
    const bearer = bearerToken(presented.authorization);
    const token = bearer ?? this.#cookieToken(presented.cookie);
    if (token === undefined) return 'absent';
    const verified = this.#recall(token) ?? this.#verify(token, presented);
    if (verified instanceof Promise) return verified.then((late) => this.#judge(late, bearer !== undefined));
    return this.#judge(verified, bearer !== undefined);
  }

  /** What was good and has ended is no guess: a page full of images sends it some hundred times. */
  #recall(token: string): Verified | 'invalid' | undefined {
    const known = this.#remembered.get(token);
    return known === undefined || this.#settings.clock() < known.expiresAt ? known : 'invalid';
  }

  #judge(verified: Verified | 'invalid' | 'limited', inHeader: boolean): Awaitable<Recognised> {
    if (typeof verified === 'string') return verified;
    const proof = inHeader ? verified.fromHeader : verified.fromCookie;
    const { reader } = this.#settings;
    const standing = reader.standing(verified.user);
    const fact = verified.id === undefined ? NEVER_ENDED : reader.credential(`token:${verified.id}`);
    if (standing instanceof Promise || fact instanceof Promise) {
      return Promise.all([standing, fact]).then(([user, token]) =>
        this.#current(verified, proof, user, token),
      );
    }
    return this.#current(verified, proof, standing, fact);
  }

  /** A sign-out covers the second in which it happened: `iat` knows no less. */
  #current(
    { issuedAt }: Verified,
    proof: Identified,
    { signedOutAt }: Standing,
    { endedAt }: CredentialFact,
  ): Recognised {
    if (endedAt !== undefined) return 'invalid';
    if (signedOutAt === undefined) return proof;
    if (issuedAt === undefined || issuedAt <= Math.floor(signedOutAt / 1000)) return 'invalid';
    return issuedAt * 1000 > this.#settings.clock() ? 'invalid' : proof;
  }

  #verify(token: string, { address }: Presented): Awaitable<Verified | 'invalid' | 'limited'> {
    const { failures, keys } = this.#settings;
    if (failures.isOver(address)) return 'limited';
    const header = token.length > TOKEN_LENGTH_MAX ? undefined : readHeader(token);
    if (header === undefined) return this.#failed(address);
    const known = keys.known(header);
    const verified = this.#tryAll(known, token);
    if (verified === 'invalid') return this.#failed(address);
    if (verified !== undefined) return verified;
    const sought = keys.sought(header, known);
    if (sought instanceof Promise) return sought.then((late) => this.#tryLate(late, header, token, address));
    return this.#tryLate(sought, header, token, address);
  }

  #tryLate(keys: readonly TokenKey[], header: TokenHeader, token: string, address: string | undefined) {
    const verified = this.#tryAll(keys, token);
    if (verified !== undefined && verified !== 'invalid') return verified;
    if (verified === undefined && this.#settings.keys.isUnsure(header)) {
      throw new NotKnown(
        'issuer-unavailable',
        'the keys of the issuer cannot be had, and this token may be of a new one',
      );
    }
    return this.#failed(address);
  }

  /** `undefined`: none of the keys has signed it. `invalid`: one has, and it does not count. */
  #tryAll(keys: readonly TokenKey[], token: string): Verified | 'invalid' | undefined {
    for (const key of keys) {
      const claims = claimsBy(key, token);
      if (claims === undefined) continue;
      const verified = this.#read(claims);
      if (verified === undefined) return 'invalid';
      this.#remembered.set(token, verified);
      return verified;
    }
    return undefined;
  }

  #failed(address: string | undefined): 'invalid' | 'limited' {
    return this.#settings.failures.note(address) ? 'limited' : 'invalid';
  }

  #read(claims: object): Verified | undefined {
    const { clock, claims: names } = this.#settings;
    const { sub, exp, nbf, iat, jti } = claims as Readonly<Record<string, unknown>>;
    if (typeof sub !== 'string' || sub === '' || typeof exp !== 'number') return undefined;
    if (!isTimeOrAbsent(nbf) || !isTimeOrAbsent(iat)) return undefined;
    const nowSeconds = clock() / 1000;
    if (!(nowSeconds < exp) || exp > nowSeconds + LIFE_SECONDS_MAX) return undefined;
    if (nbf !== undefined && nbf > nowSeconds + NOT_BEFORE_LEEWAY_SECONDS) return undefined;
    const user = userOf(claims, names);
    if (user === undefined) return undefined;
    const subject = { authenticated: true, user, groups: groupsOf(claims, names) };
    return {
      user,
      id: typeof jti === 'string' && jti.length <= TOKEN_ID_LENGTH_MAX ? jti : undefined,
      issuedAt: iat === undefined ? undefined : Math.floor(iat),
      expiresAt: exp * 1000,
      fromHeader: proven(subject, false),
      fromCookie: proven(subject, true),
    };
  }

  #cookieToken(cookie: string | undefined): string | undefined {
    const { cookieName } = this.#settings;
    if (cookieName === undefined || cookie === undefined || !cookie.includes(cookieName)) return undefined;
    const value = parseCookie(cookie)[cookieName];
    return value === undefined || value === '' ? undefined : value;
  }
}

function claimsBy(key: TokenKey, token: string): object | undefined {
  try {
    return key.verify(token);
  } catch {
    return undefined;
  }
}

/** A NumericDate (RFC 7519 §2). JSON has numbers that are infinite here. */
function isTimeOrAbsent(value: unknown): value is number | undefined {
  return value === undefined || Number.isFinite(value);
}

const BEARER = /^bearer +([^\s,]+)$/i;

/** An API key may come as a bearer, too: it is not ours. */
function bearerToken(authorization: string | undefined): string | undefined {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return token?.startsWith(API_KEY_PREFIX) === true ? undefined : token;
}
