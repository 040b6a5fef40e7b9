/**
 * What a name may not hold that is given to a file or a folder now, beside what no resource path may: characters that
 * do not show, or that turn the direction of what stands beside them, so that a name would pass for another
 * (docs/decisions/0025-contents-and-names.md). What has such a name already keeps it: it can be read and removed, and
 * given another one.
 */

/** By Unicode's own properties; and the separators and annotations that are invisible without being ignorable. */
const REFUSED = /[\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/u;

const EMOJI = '\\p{Extended_Pictographic}';
const INDIC = [
  'Deva',
  'Beng',
  'Guru',
  'Gujr',
  'Orya',
  'Taml',
  'Telu',
  'Knda',
  'Mlym',
  'Sinh',
  'Khmr',
  'Mymr',
];
const CURSIVE = ['Arab', 'Syrc', 'Nkoo', 'Mong', 'Adlm'];

/** Such characters where they show, since writing or an emoji needs them there. */
const NEEDED: readonly string[] = [
  // Joiners (U+200C, U+200D): behind a mark, which a virama is; between letters; the second one between emoji.
  `(?<=(?=\\p{M})${scripts(INDIC)})[\\u200c\\u200d]`,
  `(?<=${scripts(CURSIVE)})[\\u200c\\u200d](?=${scripts(CURSIVE)})`,
  `(?<=${EMOJI}[\\ufe0e\\ufe0f]?\\p{Emoji_Modifier}?)\\u200d(?=${EMOJI})`,
  // Variation selectors: of an emoji, of a keycap, of a Chinese character.
  `(?<=${EMOJI})[\\ufe0e\\ufe0f]`,
  '(?<=[0-9#*])\\ufe0f(?=\\u20e3)',
  '(?<=\\p{Unified_Ideograph})[\\ufe00-\\ufe02\\u{e0100}-\\u{e01ef}]',
];

const SHOWN = new RegExp(NEEDED.join('|'), 'gu');

function scripts(codes: readonly string[]): string {
  return `[${codes.map((code) => `\\p{Script_Extensions=${code}}`).join('')}]`;
}

/** NFC, as every new name is stored: one way to write it, whatever wrote it. */
export function composed(name: string): string {
  return name.normalize('NFC');
}

/** Why a new name cannot be this one, as a clause; `undefined`: it can. */
export function newNameProblem(name: string): string | undefined {
  const found = REFUSED.exec(name.replaceAll(SHOWN, ''))?.[0]?.codePointAt(0);
  return found === undefined
    ? undefined
    : `it holds ${codePoint(found)}, which does not show and could make it look like another name`;
}

function codePoint(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
