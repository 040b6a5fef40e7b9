/**
 * Principals: who is asking (DESIGN §1), and the subject that a credential proves.
 *
 * `user:alice`, `group:eng`, `authenticated` (any valid credential), `anyone`. They compare byte for byte.
 */

import type { Action } from './action.js';
import type { ResourcePath } from './resource-path.js';

declare const brand: unique symbol;
export type Principal = string & { readonly [brand]: 'Principal' };

export const ANYONE = 'anyone' as Principal;
export const AUTHENTICATED = 'authenticated' as Principal;

/** Bytes of UTF-8 of the whole principal. Header values and log lines carry it. */
export const PRINCIPAL_BYTES_MAX = 255;

const WITH_NAME = /^(?:user|group):(?=.)/s;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

export function parsePrincipal(text: string): Principal | undefined {
  if (text === ANYONE || text === AUTHENTICATED) return text as Principal;
  if (!WITH_NAME.test(text) || CONTROL.test(text) || !text.isWellFormed()) return undefined;
  return Buffer.byteLength(text) > PRINCIPAL_BYTES_MAX ? undefined : (text as Principal);
}

export function userPrincipal(id: string): Principal | undefined {
  return parsePrincipal(`user:${id}`);
}

export function groupPrincipal(name: string): Principal | undefined {
  return parsePrincipal(`group:${name}`);
}

export function isUser(principal: Principal): boolean {
  return principal.startsWith('user:');
}

export function isGroup(principal: Principal): boolean {
  return principal.startsWith('group:');
}

/** The user id or group name behind the colon. */
export function nameOfPrincipal(principal: Principal): string {
  return principal.slice(principal.indexOf(':') + 1);
}

/** 0 is the most specific: a user, then a group, then authenticated, then anyone (DESIGN §5, rule 2). */
export function specificity(principal: Principal): 0 | 1 | 2 | 3 {
  if (isUser(principal)) return 0;
  if (isGroup(principal)) return 1;
  return principal === AUTHENTICATED ? 2 : 3;
}

/** What a credential is limited to. Outside of it, its bearer may do what anyone may. */
export interface Scope {
  readonly action: Action;
  /** A file, or a folder and all below it. */
  readonly path: ResourcePath;
}

/** What the credentials of one request prove. `groups` are those that the credential itself claims. */
export interface Subject {
  readonly authenticated: boolean;
  readonly user: Principal | undefined;
  readonly groups: readonly Principal[];
  /** Absent: the credential is good for everything that the user may do. */
  readonly scope?: Scope;
}

/** No valid credential. */
export const NOBODY: Subject = Object.freeze({ authenticated: false, user: undefined, groups: [] });

/** The subject that asks as `principal`: the user, a member of that group alone, any signed-in one, a stranger. */
export function subjectAs(principal: Principal, groups: readonly Principal[] = []): Subject {
  if (principal === ANYONE) return NOBODY;
  if (isUser(principal)) return { authenticated: true, user: principal, groups };
  const own = isGroup(principal) ? [principal] : [];
  return { authenticated: true, user: undefined, groups: [...own, ...groups] };
}
