/**
 * What processes that decide by one store tell of themselves, so that whoever takes a right away can say when that is in
 * force everywhere (DESIGN §6). No decision rests on any of it. Each worker, and each files service, is one of them.
 */

/** How a process is told from another one. */
export interface AuthorizerName {
  /** Of this process, drawn at random. */
  readonly id: string;
  /** For people: `authorizer@web1:4711`. */
  readonly name: string;
  /** The machine and its processes: whoever is in the same place can tell whether `pid` is there. */
  readonly place: string;
  readonly pid: number;
  /** From no older state does it decide. */
  readonly stalenessMaxMs: number;
}

/** How far a process has followed the store. */
export interface Followed {
  /** It makes no decision from before this one. -1: the store has not answered yet. */
  readonly revision: number;
  /** What tells it from another one of the same number, in a store that a backup may put back. */
  readonly mark: number | undefined;
}

export interface AnnouncedAuthorizer extends AuthorizerName {
  /** It makes no decision from before this one. */
  readonly revision: number;
  /** How long ago it was heard of last, by the clock of the store, or how far it was set back since. */
  readonly unseenMs: number;
  /** Another one with each announcement, whatever that clock says. */
  readonly announcement: string;
}

export interface AuthorizerList {
  /** By name, and all: whether one has gone without a word a single look does not tell. @throws NotKnown */
  authorizers(): Promise<readonly AnnouncedAuthorizer[]>;
  /** Those that have gone without a word; one that has announced itself since stays. @throws NotKnown */
  forget(gone: readonly Pick<AnnouncedAuthorizer, 'id' | 'announcement'>[]): Promise<void>;
}

/**
 * So long after its last announcement, by the clock of the store, nobody waits for a process any more that has not
 * announced itself for as long as it may be behind by a clock that cannot be set, too.
 */
export const ANNOUNCEMENT_KEPT_MS = 10 * 60 * 1_000;

/** What an authorizer writes, through a connection that can write nothing else. */
export interface Announcements extends AuthorizerList {
  /** It is there, and has followed the store to there. Before its first load, and again and again. @throws NotKnown */
  announce(self: AuthorizerName, followed: Followed): Promise<void>;
  /** It decides no more. @throws NotKnown */
  withdraw(id: string): Promise<void>;
}

/** Where a change is in force, and where that is not known. */
export interface Receipt {
  /** How many have said that they decide by it. */
  readonly confirmed: number;
  readonly authorizers: number;
  /** From the commit to the last one that said so, or until nobody was waited for any more. */
  readonly tookMs: number;
  readonly unconfirmed: readonly Pick<AnnouncedAuthorizer, 'name' | 'unseenMs' | 'stalenessMaxMs'>[];
  /** UTC milliseconds: from then on none of them can be wrong, whatever it is doing. */
  readonly certainAt: number;
}

export interface Receipts {
  /** Waits, no longer than an authorizer may be behind. Called when the change is committed. @throws NotKnown */
  receiptOf(revision: number): Promise<Receipt>;
  /** So long after a commit none of those that are there can be wrong. @throws NotKnown */
  boundMs(): Promise<number>;
}

export interface Following {
  /**
   * Resolves when nobody decides any more by what was before it, however long that takes; also where the store does not
   * answer, by the bounds that were heard of last.
   */
  followed(revision: number): Promise<void>;
}
