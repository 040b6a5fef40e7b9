/**
 * The user that a proxy before us has signed in (oauth2-proxy, Authelia, authentik and the like), from headers of
 * its own. Only with proof that they come from it: a secret that it sends along, or the address that it has. Without
 * the proof they are not there, since any client can write such a header.
 */

import { timingSafeEqual } from 'node:crypto';
import { type BlockList, isIP } from 'node:net';
import { groupPrincipal, userPrincipal } from '../acl/principal.js';
import { type CredentialKind, proven, type Recognised } from './credential.js';
import type { Presented } from './presented.js';

/** What proves that a header is the proxy's. Where both are configured, both are needed. */
export interface ProxyProof {
  readonly secret: string | undefined;
  readonly addresses: ProxyAddresses | undefined;
}

export interface ProxyAddresses {
  readonly list: BlockList;
  /** A proxy on this machine, over a unix socket. */
  readonly unixSocket: boolean;
}

export interface ProxyHeaderSettings {
  readonly proof: ProxyProof;
  /** Between two groups: a comma for most, `|` for authentik. */
  readonly groupsSeparator: string;
  readonly userPrefix: string;
  readonly groupPrefix: string;
}

const GROUPS_MAX = 1_000;

export class ProxyHeaders implements CredentialKind {
  readonly #settings: ProxyHeaderSettings;

  /** @throws when there is no proof to ask for */
  constructor(settings: ProxyHeaderSettings) {
    if (settings.proof.secret === undefined && settings.proof.addresses === undefined) {
      throw new Error('proxy headers need a proof: a secret, or the addresses of the proxy');
    }
    this.#settings = settings;
  }

  recognise(presented: Presented): Recognised {
    const { proxyUser, proxyGroups = '' } = presented;
    if (proxyUser === undefined || proxyUser === '' || !this.#isProven(presented)) return 'absent';
    const { userPrefix, groupPrefix, groupsSeparator } = this.#settings;
    const name = decoded(proxyUser);
    const listed = decoded(proxyGroups);
    const user = name === undefined ? undefined : userPrincipal(userPrefix + name);
    // Groups that cannot be read are not 'none': a deny may name one of them.
    if (user === undefined || listed === undefined) return 'invalid';
    const groups = listed
      .split(groupsSeparator, GROUPS_MAX)
      .map((group) => group.trim())
      .filter((group) => group !== '')
      .map((group) => groupPrincipal(groupPrefix + group))
      .filter((group) => group !== undefined);
    // The proxy knows its user by a cookie.
    return proven({ authenticated: true, user, groups }, true);
  }

  #isProven({ proxySecret, peer }: Presented): boolean {
    const { secret, addresses } = this.#settings.proof;
    if (secret !== undefined && !sameSecret(secret, proxySecret)) return false;
    return addresses === undefined || isAmong(addresses, peer);
  }
}

function sameSecret(expected: string, given = ''): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}

function isAmong({ list, unixSocket }: ProxyAddresses, peer = ''): boolean {
  if (peer === 'unix:') return unixSocket;
  const version = isIP(peer);
  return version !== 0 && list.check(peer, version === 4 ? 'ipv4' : 'ipv6');
}

/** The bytes of a header, one a character, as the UTF-8 that they are; `undefined` when they are none. */
function decoded(value: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, 'latin1'));
  } catch {
    return undefined;
  }
}
