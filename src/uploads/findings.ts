/**
 * What `fsck` and `adopt` found, by kind: counted whole, and named up to a limit, so that a million findings take no
 * more memory than the first of them.
 */

/** Of these somebody is to do something, or `--repair` does. */
export const PROBLEMS = [
  'missing', // a record without a file
  'changed', // a file of another size or time than its record
  'digest-differs', // a file of other bytes than its stored digest is of, though its size and time are right
  'unfinished', // a commit or a removal that stands in the journal
  'left-partial', // an upload that nobody will commit
  'left-raw', // an upload that nginx has left, or nobody knows
  'left-resumable', // what lies among resumable uploads, and is of none
  'trash-missing', // an entry of the trash without its file
  'trash-unknown', // a file in the trash without an entry
  'no-file', // a symlink, a socket, a pipe, a device: nginx serves none
  'unservable', // a name that is no resource path
  'dead-link', // a share link to what is not there
] as const;
/** Worth knowing, and no fault. */
export const REMARKS = [
  'unregistered', // a file without a record
  'granted-nothing', // grants on a path that is not there
] as const;
/** What could not be looked at: of what is in it nothing is known. */
export const UNKNOWN = 'unreadable';

export type FindingKind = (typeof PROBLEMS)[number] | (typeof REMARKS)[number] | typeof UNKNOWN;

export interface Finding {
  /** A resource path, or printable text where it is none. */
  readonly what: string;
  readonly detail?: string;
}

export interface FoundKind {
  readonly kind: FindingKind;
  readonly count: number;
  readonly mended: number;
  /** The first of them. */
  readonly findings: readonly Finding[];
}

export class Findings {
  readonly #namedMax: number;
  readonly #kinds = new Map<FindingKind, { count: number; mended: number; findings: Finding[] }>();

  constructor(namedMax: number) {
    this.#namedMax = namedMax;
  }

  add(kind: FindingKind, finding: Finding): void {
    const found = this.#of(kind);
    found.count += 1;
    if (found.findings.length < this.#namedMax) found.findings.push(finding);
  }

  mended(kind: FindingKind, count = 1): void {
    this.#of(kind).mended += count;
  }

  /** In the order of the lists above. */
  get all(): readonly FoundKind[] {
    const order: readonly FindingKind[] = [UNKNOWN, ...PROBLEMS, ...REMARKS];
    return order.flatMap((kind) => {
      const found = this.#kinds.get(kind);
      return found === undefined ? [] : [{ kind, ...found }];
    });
  }

  #of(kind: FindingKind) {
    const found = this.#kinds.get(kind) ?? { count: 0, mended: 0, findings: [] };
    this.#kinds.set(kind, found);
    return found;
  }
}
