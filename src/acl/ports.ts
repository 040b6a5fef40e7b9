/**
 * What the core needs from the outside, and what the outside needs from a store. Stores implement these
 * (`storage/`), everything else is given one. Time is UTC milliseconds; revisions are whole numbers that grow.
 *
 * `Awaitable` marks what a store in this process answers at once and a remote one later: whoever calls must
 * not wait for a promise where none came, since that is the path of every decision.
 */

import type { Action } from './action.js';
import type { PathFacts } from './decide.js';
import type { Effect, Grant, GrantDraft } from './grant.js';
import type { Principal } from './principal.js';
import type { ResourcePath } from './resource-path.js';

export type Awaitable<T> = T | Promise<T>;

// ── the path of a decision ──────────────────────────────────────────────────────────────────────────────────

/** A path of the chain, as it is cached. */
export interface StoredPathFacts extends PathFacts {
  /** The path's bytes and grants are being exchanged: nobody may be told anything about it. */
  readonly committing: boolean;
}

/** What the store knows about one user. */
export interface Standing {
  readonly groups: readonly Principal[];
  readonly suspended: boolean;
}

/** Everything that one decision rests on, all of one revision. */
export interface Facts {
  /** The path asked for and every folder above it, nearest first. */
  readonly chain: readonly StoredPathFacts[];
  readonly standing: Standing;
}

export interface FactsReader {
  /** @throws NotKnown */
  read(path: ResourcePath, user: Principal | undefined): Awaitable<Facts>;
}

/** One load, answered from one snapshot of the store. */
export interface FactsQuery {
  readonly paths: readonly ResourcePath[];
  readonly user: Principal | undefined;
  /** The caller knows every change up to this revision of this generation and wants to hear of the later ones. */
  readonly since: number;
  readonly generation: number;
}

export interface FactsLoad {
  readonly revision: number;
  /** Another generation is another store (a file that was swapped): nothing known before it is worth anything. */
  readonly generation: number;
  /** The paths and `user:` principals that were touched after `since`; `all` when that is not known. */
  readonly touched: readonly string[] | 'all';
  /** In the order asked. */
  readonly paths: readonly StoredPathFacts[];
  readonly standing: Standing | undefined;
}

/** The store, as the path of a decision sees it. It can only read. */
export interface FactsSource {
  load(query: FactsQuery): Awaitable<FactsLoad>;
  /**
   * A number that is another one after any commit by anybody. Cheap: it is asked once a decision.
   * @throws NotKnown
   */
  version(): number;
}

/** A change of everything: what an import logs in place of each path. */
export const TOUCHED_ALL = '*';

// ── what operators and the files service write and read ─────────────────────────────────────────────────────

export interface Written<T> {
  readonly revision: number;
  readonly value: T;
}

export interface GrantSelection {
  readonly principal: Principal;
  readonly path: ResourcePath;
  readonly actions: readonly Action[];
  readonly effect: Effect;
}

export interface ImportCounts {
  readonly added: number;
  readonly replaced: number;
}

export interface GroupListing {
  readonly group: Principal;
  readonly users: readonly Principal[];
}

export interface AclStore {
  revision(): Promise<number>;
  /** Sets each, in one transaction: what stood for the same principal, path and action is replaced. */
  putGrants(drafts: readonly GrantDraft[]): Promise<Written<readonly Grant[]>>;
  /** Removes what matches and answers with it. Nothing matched: nothing is written. */
  removeGrants(selection: GrantSelection): Promise<Written<readonly Grant[]>>;
  grantsOn(paths: readonly ResourcePath[]): Promise<readonly Grant[]>;
  grantsOf(principals: readonly Principal[]): Promise<readonly Grant[]>;
  /** Every grant, by path, principal and action. */
  allGrants(): AsyncIterable<Grant>;
  /** All batches in one transaction with one entry in the change log; an iterator that throws undoes all. */
  importGrants(batches: AsyncIterable<readonly GrantDraft[]>): Promise<Written<ImportCounts>>;
  /** `value`: whether it changed anything. */
  addMember(group: Principal, user: Principal): Promise<Written<boolean>>;
  removeMember(group: Principal, user: Principal): Promise<Written<boolean>>;
  groups(group?: Principal): Promise<readonly GroupListing[]>;
  suspend(user: Principal): Promise<Written<boolean>>;
  resume(user: Principal): Promise<Written<boolean>>;
}

// ── files and the commit of uploads ─────────────────────────────────────────────────────────────────────────

export interface FileRecord {
  readonly path: ResourcePath;
  /** Who uploaded it; `undefined` when nobody had signed in. */
  readonly owner: Principal | undefined;
  readonly bytes: number;
  readonly updatedAt: number;
}

/** One file of a commit. */
export interface CommitEntry {
  /** The name of the file in the folder of partials: it names this entry in the journal. */
  readonly partial: string;
  readonly file: FileRecord;
  readonly grants: readonly GrantDraft[];
  /** The record that stood at the path before: giving up an entry that is `at-once` brings it back. */
  readonly replaces: FileRecord | undefined;
  /**
   * `at-once`: row and grants are written before the rename. `hidden`: the path is `committing` until they are
   * written after it, so that neither bytes meet the other's grants.
   */
  readonly visibility: 'at-once' | 'hidden';
}

export interface PendingRemoval {
  readonly partial: string;
  readonly path: ResourcePath;
}

/** What a crash left: entries whose rename may or may not have happened, and removals likewise. */
export interface Pending {
  readonly commits: readonly CommitEntry[];
  readonly removals: readonly PendingRemoval[];
}

export interface FileStore {
  file(path: ResourcePath): Promise<FileRecord | undefined>;
  /**
   * Journals the entries and writes the rows and grants of those that are `at-once`, in one transaction. A
   * pending removal of one of their paths is forgotten: it must not take the new file.
   */
  beginCommit(entries: readonly CommitEntry[]): Promise<Written<void>>;
  /** Writes the rows and grants of those that were hidden and clears the journal, in one transaction. */
  finishCommit(entries: readonly CommitEntry[]): Promise<Written<void>>;
  /**
   * Forgets an entry whose bytes are lost: a hidden one's old record and grants are as they were, and of one
   * at once the record that it replaced comes back. Grants that were set at once stay.
   */
  abandonCommit(entries: readonly CommitEntry[]): Promise<Written<void>>;
  /**
   * Journals a removal, drops the path's row and its allows, keeps its denies, in one transaction. It may be
   * begun again under its name, where an earlier one could not be finished.
   */
  beginRemoval(removal: PendingRemoval): Promise<Written<void>>;
  finishRemoval(removal: PendingRemoval): Promise<void>;
  pending(): Promise<Pending>;
}

/** One open store, as seen by each of its users. */
export interface Store {
  readonly acl: AclStore;
  readonly files: FileStore;
  readonly facts: FactsSource;
  close(): Promise<void>;
}
