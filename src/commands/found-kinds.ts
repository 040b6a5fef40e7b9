/** What `fsck` and `adopt` have found, in words: a line a kind, and below it the first of them. */

import { type FindingKind, type FoundKind, PROBLEMS, UNKNOWN } from '../assembly/maintenance.js';

/** Findings of a kind that are named where nobody asks for more. */
export const NAMED = 20;
export const NAMED_MAX = 1_000_000;

interface Words {
  /** One of them, and several. */
  readonly says: readonly [one: string, several: string];
  readonly todo: string;
  /** What `--repair` has done. */
  readonly done?: string;
}

const WORDS: Readonly<Record<FindingKind, Words>> = {
  unreadable: {
    says: ['path could not be read', 'paths could not be read'],
    todo: 'what is there is not known',
  },
  missing: {
    says: ['row has no file', 'rows have no file'],
    todo: 'bring the file back, or drop the row with --repair',
    done: 'row dropped; grants are left',
  },
  changed: {
    says: ['file is another one than its row says', 'files are others than their rows say'],
    todo: 'written past Latchkey; --repair takes over size and time',
    done: 'size and time taken over',
  },
  'digest-differs': {
    says: ['file has not the bytes that it had', 'files have not the bytes that they had'],
    todo: 'the disk has lost them, or somebody changed them unseen; bring it back from a backup, and look at the disk',
  },
  unfinished: {
    says: ['write has not ended', 'writes have not ended'],
    todo: 'the start of the files service finishes it',
    done: 'finished, or given up where its bytes are lost',
  },
  'left-partial': {
    says: ['partial is left of an upload', 'partials are left of uploads'],
    todo: 'the start of the files service drops it',
    done: 'dropped',
  },
  'left-raw': {
    says: ['thing is left beside the partials', 'things are left beside the partials'],
    todo: 'the files service removes what nginx left, after a day; look at anything else, and remove it',
  },
  'left-resumable': {
    says: ['thing is of no resumable upload', 'things are of no resumable upload'],
    todo: 'the start of the files service removes what uploads left; look at anything else, and remove it',
  },
  'trash-missing': {
    says: ['entry of the trash has no file', 'entries of the trash have no file'],
    todo: 'it cannot be restored; latchkey trash empty ID',
  },
  'trash-unknown': {
    says: ['file in the trash has no entry', 'files in the trash have no entry'],
    todo: 'nobody can restore it; remove it from partial/trash',
  },
  'no-file': {
    says: ['thing is no file', 'things are no files'],
    todo: 'nginx serves none of it; put a file or a folder in its place, or remove it',
  },
  unservable: {
    says: ['name is no resource path', 'names are no resource paths'],
    todo: 'nobody can be allowed it, nor what is in it; rename it',
  },
  'dead-link': {
    says: ['share link leads to nothing', 'share links lead to nothing'],
    todo: 'bring it back, or revoke the link',
  },
  unregistered: {
    says: ['file has no row', 'files have no row'],
    todo: 'served all the same; latchkey adopt makes one',
  },
  'granted-nothing': {
    says: ['path has grants and is not there', 'paths have grants and are not there'],
    todo: 'a grant may come first; else revoke it',
  },
};

export function linesOf(kinds: readonly FoundKind[]): readonly string[] {
  return kinds.flatMap(({ kind, count, mended, findings }) => {
    const { says, todo, done } = WORDS[kind];
    const what = count === mended ? done : mended > 0 ? `of ${mended}: ${done}; else: ${todo}` : todo;
    const rest = count - findings.length;
    return [
      `${count} ${count === 1 ? says[0] : says[1]} (${what})`,
      ...findings.map(({ what: name, detail }) => `  ${name}${detail === undefined ? '' : `  (${detail})`}`),
      ...(rest > 0 ? [`  … and ${rest} more`] : []),
    ];
  });
}

export interface Tally {
  /** What somebody is to do something about, without what was mended. */
  readonly problems: number;
  readonly mended: number;
  readonly unknown: number;
}

export function tallyOf(kinds: readonly FoundKind[]): Tally {
  const sum = (counted: readonly FoundKind[], what: 'count' | 'mended') =>
    counted.reduce((total, found) => total + found[what], 0);
  const problems = kinds.filter(({ kind }) => PROBLEMS.some((problem) => problem === kind));
  const mended = sum(problems, 'mended');
  return {
    problems: sum(problems, 'count') - mended,
    mended,
    unknown: sum(
      kinds.filter(({ kind }) => kind === UNKNOWN),
      'count',
    ),
  };
}
