/** Whose an address is, as far as limits on strangers go: what is counted by address is counted by this. */

/** One key for an IPv4 address, one for the /64 of an IPv6 address, which is what one customer gets. */
export function addressKey(address = ''): string {
  if (!address.includes(':') || address === 'unix:') return address;
  if (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address)) return address.slice('::ffff:'.length);
  const [left = '', right] = address.toLowerCase().split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...tail].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}
