/**
 * The resource path: what is asked for, an absolute path below the storage root (DESIGN §4).
 *
 * This file owns the only constructor. What it refuses is refused everywhere, what it accepts is compared
 * byte for byte. It never repairs a path: a repaired path is one that nobody asked for.
 */

declare const brand: unique symbol;

/** `/team/plan.pdf` is a file; `/team/`, ending in a slash, is a folder and all below it; `/` is everything. */
export type ResourcePath = string & { readonly [brand]: 'ResourcePath' };

/** Bytes of UTF-8. Linux's PATH_MAX: a longer one could not be opened. */
export const PATH_BYTES_MAX = 4096;
/** Bytes of UTF-8. NAME_MAX of the file systems that files live on. */
export const SEGMENT_BYTES_MAX = 255;

export const ROOT = '/' as ResourcePath;

const SLASH = 0x2f;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Makes a resource path of text that is not percent-encoded. `undefined`: refused, `pathProblem` says why. */
export function parseResourcePath(text: string): ResourcePath | undefined {
  return pathProblem(text) === undefined ? (text as ResourcePath) : undefined;
}

/**
 * Makes a resource path of a percent-encoded one (RFC 3986), decoding it exactly once.
 *
 * An encoded slash is refused rather than decoded: servers disagree on whether it separates.
 */
export function decodeResourcePath(encoded: string): ResourcePath | undefined {
  const text = percentDecode(encoded);
  return text === undefined ? undefined : parseResourcePath(text);
}

/** The decoded text of a percent-encoded path; `undefined` for `%2F`, a bad escape, bad UTF-8 or raw non-ASCII. */
export function percentDecode(encoded: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(encoded)) return undefined;
  if (!encoded.includes('%')) return encoded;
  if (/%2f/i.test(encoded)) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The path as a URL's path: every byte outside RFC 3986's unreserved set is percent-encoded, slashes stay. */
export function encodeResourcePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

/** encodeURIComponent leaves five characters that RFC 3986 reserves. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Why `text` is no resource path, as a clause for an error message; `undefined` when it is one. */
export function pathProblem(text: string): string | undefined {
  if (text.charCodeAt(0) !== SLASH) return 'it does not begin with /';
  let bytes = 1;
  let segmentStart = 1;
  let segmentBytes = 0;
  for (let i = 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === SLASH) {
      const problem = segmentProblem(text, segmentStart, i, segmentBytes);
      if (problem !== undefined) return problem;
      segmentStart = i + 1;
      segmentBytes = -1;
    }
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return 'it holds a control character';
    if (unit === BACKSLASH) return 'it holds a backslash';
    let size = 1;
    if (unit >= 0x80) {
      size = utf8Size(text, i);
      if (size === 0) return 'it is not well-formed Unicode';
      if (size === 4) i++;
    }
    bytes += size;
    segmentBytes += size;
  }
  if (segmentStart < text.length) {
    const problem = segmentProblem(text, segmentStart, text.length, segmentBytes);
    if (problem !== undefined) return problem;
  }
  return bytes > PATH_BYTES_MAX ? `it is longer than ${PATH_BYTES_MAX} bytes` : undefined;
}

function segmentProblem(text: string, start: number, end: number, bytes: number): string | undefined {
  if (end === start) return 'it holds an empty segment (//)';
  if (bytes > SEGMENT_BYTES_MAX) return `a segment is longer than ${SEGMENT_BYTES_MAX} bytes`;
  if (text.charCodeAt(start) !== DOT) return undefined;
  if (end - start === 1) return "it holds a segment '.'";
  if (end - start === 2 && text.charCodeAt(start + 1) === DOT) return "it holds a segment '..'";
  return undefined;
}

/** Bytes in UTF-8 of the non-ASCII character at `i`; 0 for a lone surrogate. */
function utf8Size(text: string, i: number): number {
  const unit = text.charCodeAt(i);
  if (unit < 0x800) return 2;
  if (unit < 0xd800 || unit > 0xdfff) return 3;
  const next = text.charCodeAt(i + 1);
  return unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff ? 4 : 0;
}

export function isFolder(path: ResourcePath): boolean {
  return path.charCodeAt(path.length - 1) === SLASH;
}

/** The path and every folder above it, nearest first: `/a/b` → `/a/b`, `/a/`, `/`. */
export function pathChain(path: ResourcePath): ResourcePath[] {
  const chain = [path];
  for (let end = path.length - 1; end > 0; ) {
    end = path.lastIndexOf('/', end - 1);
    chain.push(path.slice(0, end + 1) as ResourcePath);
  }
  return chain;
}

/** The folder that a path lies in; the root lies in itself. */
export function folderOf(path: ResourcePath): ResourcePath {
  return pathChain(path)[1] ?? ROOT;
}

/** The last segment, without a folder's slash: `/team/plan.pdf` → `plan.pdf`. */
export function nameOf(path: ResourcePath): string {
  const end = isFolder(path) ? path.length - 1 : path.length;
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** A file below `folder`; `undefined` when `name` is not one legitimate segment. */
export function fileIn(folder: ResourcePath, name: string): ResourcePath | undefined {
  return name.includes('/') || name === '' || !isFolder(folder)
    ? undefined
    : parseResourcePath(folder + name);
}
