/**
 * Access tokens (JWT, RFC 7519), from `Authorization: Bearer` (RFC 6750) or a cookie of a configured name.
 *
 * The signature, `exp`, `nbf`, `iss` and `aud` are the verifier's (@fastify/jwt, registered in http/). Every
 * error of it is 'invalid', whatever kind it is. A verified token is remembered until it expires, because the
 * signature costs more than the rest of a decision.
 */

import { parseCookie } from 'cookie';
import { LRUCache } from 'lru-cache';
import { groupPrincipal, type Principal, type Subject, userPrincipal } from '../acl/principal.js';
import type { CredentialHeaders, CredentialKind, Recognised } from './credential.js';

/** The claims of a token whose signature and times are right. @throws for any other token */
export type VerifyToken = (token: string) => unknown;

export interface AccessTokenSettings {
  readonly verify: VerifyToken;
  /** The cookie that carries the token where there is no Authorization header; `undefined`: none does. */
  readonly cookieName: string | undefined;
  readonly groupsClaim: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** Characters. Larger ones are refused before anything is parsed: browsers and proxies stop near here too. */
export const TOKEN_LENGTH_MAX = 8 * 1024;
/** A token of 8 KiB cannot hold many more. */
const GROUPS_MAX = 1_000;
/** Characters of tokens remembered: about 20,000 of them. */
const REMEMBERED_LENGTH_MAX = 8 * 1024 * 1024;

interface Remembered {
  readonly subject: Subject;
  /** UTC milliseconds, exclusive. */
  readonly expiresAt: number;
}

export class AccessTokens implements CredentialKind {
  readonly #settings: AccessTokenSettings;
  readonly #remembered = new LRUCache<string, Remembered>({
    maxSize: REMEMBERED_LENGTH_MAX,
    sizeCalculation: (_subject, token) => token.length,
  });

  constructor(settings: AccessTokenSettings) {
    this.#settings = settings;
  }

  recognise(headers: CredentialHeaders): Recognised {
    const token = bearerToken(headers.authorization) ?? this.#cookieToken(headers.cookie);
    if (token === undefined) return headers.authorization === undefined ? 'absent' : 'invalid';
    if (token.length > TOKEN_LENGTH_MAX) return 'invalid';
    const known = this.#remembered.get(token);
    if (known !== undefined && this.#settings.clock() < known.expiresAt) return known.subject;
    return this.#verified(token);
  }

  #verified(token: string): Recognised {
    try {
      const claims = this.#settings.verify(token);
      const remembered = this.#remember(claims);
      if (remembered === undefined) return 'invalid';
      this.#remembered.set(token, remembered);
      return remembered.subject;
    } catch {
      this.#remembered.delete(token);
      return 'invalid';
    }
  }

  #remember(claims: unknown): Remembered | undefined {
    if (typeof claims !== 'object' || claims === null) return undefined;
    const { sub, exp } = claims as { sub?: unknown; exp?: unknown };
    if (typeof sub !== 'string' || typeof exp !== 'number') return undefined;
    const user = userPrincipal(sub);
    if (user === undefined) return undefined;
    const claimed = Object.hasOwn(claims, this.#settings.groupsClaim)
      ? (claims as Record<string, unknown>)[this.#settings.groupsClaim]
      : undefined;
    return {
      subject: { authenticated: true, user, groups: groupsOf(claimed) },
      expiresAt: exp * 1000,
    };
  }

  #cookieToken(cookie: string | undefined): string | undefined {
    const { cookieName } = this.#settings;
    if (cookieName === undefined || cookie === undefined || !cookie.includes(cookieName)) return undefined;
    const value = parseCookie(cookie)[cookieName];
    return value === undefined || value === '' ? undefined : value;
  }
}

const BEARER = /^bearer +([^\s,]+)$/i;

function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}

/** What is not a legitimate group name is nobody's group: it is left out, the token stays valid. */
function groupsOf(claimed: unknown): readonly Principal[] {
  const names = typeof claimed === 'string' ? [claimed] : Array.isArray(claimed) ? claimed : [];
  return names
    .slice(0, GROUPS_MAX)
    .map((name) => (typeof name === 'string' ? groupPrincipal(name) : undefined))
    .filter((group) => group !== undefined);
}
