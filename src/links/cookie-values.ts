/** Cookies of links in a Cookie header (RFC 6265 §4.2.1): one of a name for each path, and any number from a stranger. */

/** The values of a name, in their order, which is the longest path first. At most `max` of them. */
export function cookieValues(header: string, name: string, max: number): readonly string[] {
  const before = `${name}=`;
  if (!header.includes(before)) return NONE;
  const values: string[] = [];
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (!pair.startsWith(before)) continue;
    values.push(pair.slice(before.length));
    if (values.length === max) break;
  }
  return values;
}

const NONE: readonly string[] = Object.freeze([]);
