/** Addresses and ranges of them, such as `10.0.0.7`, `10.0.0.0/8` and `fd00::/8` (RFC 4632, RFC 4291). */

import { BlockList, isIP } from 'node:net';

export interface AddressRange {
  readonly address: string;
  /** Bits of the prefix. */
  readonly length: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `undefined`: it is no range. That of everything is none: it would limit nothing. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const version = versionOf(address);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (version === 0 || more.length > 0 || length < 1 || length > bits) return undefined;
  return { address, length, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Of texts that are ranges. */
export function rangesOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const range = parseAddressRange(text);
    if (range === undefined) throw new Error(`${text} is no range of addresses`);
    list.addSubnet(range.address, range.length, range.family);
  }
  return list;
}

/** What is no address, such as that of a unix socket, is in no range. */
export function isInRanges(list: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false;
  const version = versionOf(address);
  return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

/** An address with a zone (`fe80::1%eth0`) means nothing on another machine. */
function versionOf(address: string): number {
  return address.includes('%') ? 0 : isIP(address);
}
