/**
 * Types of files (RFC 6838): what a name's ending stands for, what text is by its first bytes, and whether both are
 * what may be uploaded. Pure; the bytes of everything but text are `type-worker.ts`'s.
 */

import mime from 'mime';
import type { ResourcePath } from '../acl/resource-path.js';

/** Patterns in lower case, such as `image/*` and `application/pdf`. */
export interface TypeRules {
  /** None: every type that is not refused. */
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}

/** What the bytes of a file are. */
export interface FoundType {
  readonly type: string;
  /** The usual ending of such files, without its dot. Absent: nothing is known but text or not. */
  readonly ending?: string | undefined;
  /** Whether files of the type that the name stands for would have been known. */
  readonly knowsNamed?: boolean;
}

export const ANY_TYPE: TypeRules = { allowed: [], refused: [] };
const TEXT = 'text/plain';
const BINARY = 'application/octet-stream';

/** As nginx serves it. `undefined`: it says nothing, and nginx sends octets. */
export function typeOfName(path: ResourcePath): string | undefined {
  return mime.getType(path) ?? undefined;
}

/** Why a file may not be uploaded, as a clause; `undefined`: it may. */
export function typeProblem(rules: TypeRules, path: ResourcePath, found: FoundType): string | undefined {
  for (const type of typesOf(path, found)) {
    if (matches(rules.refused, type)) return `${type} is refused`;
    if (rules.allowed.length > 0 && !matches(rules.allowed, type)) {
      return `it is ${type}, and only ${rules.allowed.join(', ')} is taken`;
    }
  }
  return undefined;
}

/** Of what bytes are and what they are served as, both count; text is what its ending says, where that is text. */
function typesOf(path: ResourcePath, { type }: FoundType): readonly string[] {
  const named = typeOfName(path);
  if (named === undefined) return [type];
  const isNamedText = isText(named) && (type === TEXT || (type === 'application/xml' && isXml(named)));
  return isNamedText ? [named] : [type, named];
}

/** @param type or a pattern, all of which is matched then */
export function matches(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type,
  );
}

/** Whether the bytes are what the name says, as far as anybody can tell. */
export function isAsNamed(path: ResourcePath, { type, ending, knowsNamed = false }: FoundType): boolean {
  const named = typeOfName(path);
  if (named === undefined || named === type || path.toLowerCase().endsWith(`.${ending}`)) return true;
  if (isText(type)) return isText(named) || (type === TEXT && !knowsNamed);
  if (type === BINARY) return !isText(named) && !knowsNamed;
  if (type === 'application/x-cfb') return OLD_OFFICE.test(path);
  // Several names of one family are in use for one format: audio/wav, audio/x-wav.
  return /^(?:image|audio|video|font)\//.test(type) && named.split('/')[0] === type.split('/')[0];
}

/** Formats that are one container. */
const OLD_OFFICE = /\.(?:doc|dot|xls|xlt|xla|ppt|pot|pps|msg|msi|vsd|pub|mpp)$/i;

function isText(type: string): boolean {
  return (
    /^text\/|[+/](?:json|xml|yaml|toml)$/.test(type) ||
    /^application\/(?:.*javascript|ecmascript|sql|x-sh|x-httpd-php|x-perl|x-tex|geo\+json-seq|jsonlines)$/.test(
      type,
    )
  );
}

function isXml(type: string): boolean {
  return /[+/]xml$/.test(type);
}

/** WHATWG MIME Sniffing §3: bytes that no text has. */
const NO_TEXT = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
/** §7.1: what a browser takes for HTML, behind white space; and the comments that may come before it. */
const HTML =
  /^(?:<!doctype html|<(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)(?=[ >\t\n\f\r/])|<!--)/i;
const BEFORE_ROOT =
  /^(?:\s+|<\?[^>]{0,2000}>|<!--(?:(?!-->)[\s\S]){0,2000}-->|<!doctype svg[^>]{0,2000}>){1,20}/i;

/** What the first bytes of a file are that nothing else is known of. @param head as latin1 */
export function typeOfText(head: string): FoundType {
  const utf16 = /^(?:\xfe\xff|\xff\xfe)/.test(head);
  if (!utf16 && NO_TEXT.test(head)) return { type: BINARY };
  const text = (utf16 ? head.replaceAll('\0', '').slice(2) : head.replace(/^\xef\xbb\xbf/, '')).trimStart();
  return markupOf(text) ?? { type: TEXT };
}

/** `undefined`: no HTML, XHTML or SVG. */
export function markupOf(text: string): FoundType | undefined {
  const root = text.replace(BEFORE_ROOT, '');
  if (/^<svg[\s>/]/i.test(root)) return { type: 'image/svg+xml', ending: 'svg' };
  if (/^<\?xml/i.test(text)) {
    return /^<(?:!doctype )?html[\s>/]/i.test(root)
      ? { type: 'application/xhtml+xml', ending: 'xhtml' }
      : undefined;
  }
  return HTML.test(text) || HTML.test(root) ? { type: 'text/html', ending: 'html' } : undefined;
}
