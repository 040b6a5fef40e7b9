/**
 * The order of paths as stores list them and as a sorted disk has them: by the bytes of their UTF-8. JavaScript's own
 * `<` compares UTF-16 units, which is another order where a character lies beyond U+FFFF. Pure.
 */

const SURROGATES = 0xd800;
const BEHIND_SURROGATES = 0xe000;

/** Below 0, 0 or above 0, as a sort takes it. Both texts are well-formed Unicode. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

/** A surrogate belongs to a character that is behind all others. */
function rankOf(unit: number): number {
  return unit >= SURROGATES && unit < BEHIND_SURROGATES ? unit + 0x10000 : unit;
}
