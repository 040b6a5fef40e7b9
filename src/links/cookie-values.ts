/** Cookies of links in a Cookie header (RFC 6265 §4.2.1): one of a name for each path, and any number from a stranger. */

/** The values of a name, in their order, which is the longest path first. At most `max` of them. */
export function cookieValues(header: string, name: string, max: number): readonly string[] {
  return pairsBehind(header, `${name}=`, max);
}

/** Of the names that begin so: the rest of each name, and its value. At most `max` of them. */
export function cookiesNamed(
  header: string,
  before: string,
  max: number,
): readonly (readonly [rest: string, value: string])[] {
  return pairsBehind(header, before, max).map((pair) => {
    const end = pair.indexOf('=');
    return [pair.slice(0, end), pair.slice(end + 1)];
  });
}

const NONE: readonly string[] = Object.freeze([]);

/** What follows `before` in each cookie that begins with it. */
function pairsBehind(header: string, before: string, max: number): readonly string[] {
  if (!header.includes(before)) return NONE;
  const rests: string[] = [];
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (!pair.startsWith(before)) continue;
    rests.push(pair.slice(before.length));
    if (rests.length === max) break;
  }
  return rests;
}
