/**
 * Names of files that strangers send to a file request: whether their ending is one that is asked for, and which name
 * comes next where one is taken. It is the name that is judged; what is in a file is `uploads/inspection.ts`'s.
 */

import { SEGMENT_BYTES_MAX } from './resource-path.js';

/** @param endings lower case, with their dot; none: any */
export function hasEnding(name: string, endings: readonly string[]): boolean {
  return endings.length === 0 || askedEnding(name, endings) !== undefined;
}

/** `plan.pdf`, 2 → `plan (2).pdf`. What would be too long for the disk is cut before the number. */
export function numberedName(name: string, endings: readonly string[], number: number): string {
  const ending = askedEnding(name, endings) ?? lastEnding(name);
  const suffix = ` (${number})${ending}`;
  const stem = name.slice(0, name.length - ending.length);
  return cutToBytes(stem, SEGMENT_BYTES_MAX - Buffer.byteLength(suffix)) + suffix;
}

/** The longest one, as the name spells it. An ending alone is a name without one. */
function askedEnding(name: string, endings: readonly string[]): string | undefined {
  const lengths = endings.filter((ending) => isEndingOf(name, ending)).map(({ length }) => length);
  return lengths.length === 0 ? undefined : name.slice(-Math.max(...lengths));
}

function isEndingOf(name: string, ending: string): boolean {
  return name.length > ending.length && name.slice(-ending.length).toLowerCase() === ending;
}

/** Of the last dot, unless nothing is before it, or so much behind it that it is no ending. */
function lastEnding(name: string): string {
  return /(?<=.)\.[^. ]{1,16}$/su.exec(name)?.[0] ?? '';
}

function cutToBytes(text: string, bytesMax: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > bytesMax) cut = [...cut].slice(0, -1).join('');
  return cut;
}
