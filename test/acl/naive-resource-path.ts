/**
 * A second validator and codec of resource paths, written from DESIGN §4 with split, Buffer and regular
 * expressions. It shares no code with src, so that a mistake would have to be made twice.
 */

export function naiveIsResourcePath(text: string): boolean {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.toString('utf8') !== text) return false; // a lone surrogate became U+FFFD
  if (/[\p{Cc}\\]/u.test(text)) return false;
  const [before, ...behind] = text.split('/');
  if (before !== '' || behind.length === 0 || bytes.length > 4096) return false;
  const segments = behind.at(-1) === '' ? behind.slice(0, -1) : behind;
  return segments.every((segment) => !['', '.', '..'].includes(segment) && Buffer.byteLength(segment) <= 255);
}

/** The path that a percent-encoded text names, or `undefined`: byte by byte, then strict UTF-8. */
export function naiveDecode(encoded: string): string | undefined {
  if (!/^(?:%(?!2[fF])[0-9a-fA-F]{2}|[!-$&-~])*$/.test(encoded)) return undefined;
  const units = encoded.match(/%..|./g) ?? [];
  const bytes = units.map((unit) =>
    unit.length === 3 ? Number.parseInt(unit.slice(1), 16) : unit.charCodeAt(0),
  );
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return naiveIsResourcePath(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 3986 §2.3: every byte but the unreserved ones and the slash becomes %XX. */
export function naiveEncode(text: string): string {
  return escapeBytes(text, /[A-Za-z0-9._~/-]/);
}

/** The least that nginx escapes when it proxies a rewritten `$uri`: space, #, %, ? and what is not ASCII. */
export function nginxEncode(text: string): string {
  return escapeBytes(text, /[!"$&-;<->@-~]/);
}

/** Every byte but the slash, in lower-case hexadecimal. */
export function encodeAll(text: string): string {
  return escapeBytes(text, /\//).toLowerCase();
}

function escapeBytes(text: string, raw: RegExp): string {
  const units = [...Buffer.from(text, 'utf8')].map((byte) => {
    const character = String.fromCharCode(byte);
    return byte < 0x80 && raw.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  });
  return units.join('').replaceAll(/%../g, (unit) => unit.toUpperCase());
}
