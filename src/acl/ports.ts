/**
 * What the core needs from the outside, and what the outside needs from a store. Stores implement these
 * (`storage/`), everything else is given one. Time is UTC milliseconds; revisions are whole numbers that grow.
 *
 * `Awaitable` marks what a store in this process answers at once and a remote one later: whoever calls must
 * not wait for a promise where none came, since that is the path of every decision.
 */

import type { Action } from './action.js';
import type { AttemptStore, FailureStore } from './count-ports.js';
import type { CredentialStore, UsageStore } from './credential-ports.js';
import type { PathFacts } from './decide.js';
import type { DigestStore } from './digest-ports.js';
import type { Effect, Grant, GrantDraft } from './grant.js';
import type { ExpiryStore, PendingRemoval, TrashStore } from './life-ports.js';
import type { LinkCountStore, ShareLinkStore, SignedUrlStore } from './link-ports.js';
import type { Principal, Scope } from './principal.js';
import type { QuotaLimits } from './quota.js';
import type { QuotaStore } from './quota-ports.js';
import type { RecordStore } from './record-ports.js';
import type { ResourcePath } from './resource-path.js';
import type { ShareLink } from './share-link.js';
import type { MoveStore, TreeStore } from './tree-ports.js';

export type { ApiKeyRecord, CredentialStore, UsageStore } from './credential-ports.js';
export { SESSION_MARK_MS } from './credential-ports.js';
export type { PendingRemoval } from './life-ports.js';

export type Awaitable<T> = T | Promise<T>;

// ── the path of a decision ──────────────────────────────────────────────────────────────────────────────────

/** A path of the chain, as it is cached. */
export interface StoredPathFacts extends PathFacts {
  /** Bytes and grants of the path, or of all below it, are being exchanged: nobody may be told anything of them. */
  readonly committing: boolean;
}

/** What the store knows about one user. */
export interface Standing {
  readonly groups: readonly Principal[];
  readonly suspended: boolean;
  /** When the user was signed out last: tokens and sessions from before count no more. Absent: never. */
  readonly signedOutAt?: number;
}

/** What the store knows of a credential by its key. An API key and a session are named by their SHA-256, a link by its id. */
export type CredentialKey =
  | `key:${string}`
  | `token:${string}`
  | `session:${string}`
  | `link:${string}`
  | typeof SIGNED_URLS;

/** What is revoked of all signed URLs is known whole, so that none needs a question of its own. */
export const SIGNED_URLS = 'signed-urls';

export interface RevokedUrls {
  /** Ids of links. */
  readonly ids: ReadonlySet<string>;
  /** Of a path: links of a lower number have ended. */
  readonly generations: ReadonlyMap<string, number>;
  /** Of a key, by its id: what it signed up to this second, inclusive, has ended. Unix seconds. */
  readonly keys: ReadonlyMap<string, number>;
}

/** An API key, as a request that carries it is judged by it. */
export interface ApiKey {
  readonly id: string;
  readonly user: Principal;
  readonly scope: Scope;
  /** UTC milliseconds, exclusive. */
  readonly expiresAt: number | undefined;
}

/** One of these, by the kind of the key; none when the store knows nothing of it. */
export interface CredentialFact {
  readonly apiKey?: ApiKey;
  /** When the token or the session was ended. */
  readonly endedAt?: number;
  readonly revokedUrls?: RevokedUrls;
  readonly shareLink?: ShareLink;
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

/** What decides whether a credential still counts. As fresh as a decision. */
export interface CredentialReader {
  /** @throws NotKnown */
  standing(user: Principal): Awaitable<Standing>;
  /** @throws NotKnown */
  credential(key: CredentialKey): Awaitable<CredentialFact>;
}

/** One load, answered from one snapshot of the store. */
export interface FactsQuery {
  readonly paths: readonly ResourcePath[];
  readonly user: Principal | undefined;
  readonly credential?: CredentialKey | undefined;
  /** The caller knows every change up to this revision of this generation and wants to hear of the later ones. */
  readonly since: number;
  readonly generation: number;
}

export interface FactsLoad {
  readonly revision: number;
  /** Another generation is another store (a file that was swapped): nothing known before it is worth anything. */
  readonly generation: number;
  /** What tells the revision from another one of the same number; absent: by its generation alone. */
  readonly mark?: number;
  /** The paths, `user:` principals and credential keys that were touched after `since`; `all` when that is not known. */
  readonly touched: readonly string[] | 'all';
  /** In the order asked. */
  readonly paths: readonly StoredPathFacts[];
  readonly standing: Standing | undefined;
  readonly credential?: CredentialFact;
  /** The version at which a cache that has followed this is true; absent: the one from before the load. */
  readonly version?: number;
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
  /** Every grant, or those on a folder and below it, by path, principal and action; all in the order of bytes. */
  allGrants(folder?: ResourcePath): AsyncIterable<Grant>;
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

/** A file that came by a file request. */
export interface RequestedFile {
  readonly linkId: string;
  /** `undefined`: no limit. */
  readonly filesMax: number | undefined;
  /** Where the link has to lead still: it may have followed its folder. */
  readonly folder?: ResourcePath;
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
  /** Written with the record: absent, the file has none, whatever the one before it had. */
  readonly expiresAt?: number;
  /** It comes from the trash: its entry there goes when this one is finished. */
  readonly trashId?: string;
  /** The grants came along with the file: of these none replaces a deny that stands when they are written. */
  readonly standingDenies?: 'kept';
  /** Of its bytes, in hexadecimal, and written with the record: absent, it is not known yet. */
  readonly sha256?: string;
  /** Counts for its link from when it is journaled, until it is given up: no crash loses or leaves a count. */
  readonly requested?: RequestedFile;
}

/** What a crash left: entries whose rename may or may not have happened, and removals likewise. */
export interface Pending {
  readonly commits: readonly CommitEntry[];
  readonly removals: readonly PendingRemoval[];
}

export interface FileStore extends RecordStore {
  file(path: ResourcePath): Promise<FileRecord | undefined>;
  /**
   * Journals the entries and writes the rows and grants of those that are `at-once`, in one transaction. A
   * pending removal of one of their paths is forgotten: it must not take the new file.
   *
   * @param userLimits of every user who has no quota of their own
   * @throws RequestClosed where a link has all its files already, or was revoked, QuotaExceeded; nothing is written
   */
  beginCommit(entries: readonly CommitEntry[], userLimits?: QuotaLimits): Promise<Written<void>>;
  /** Writes the rows and grants of those that were hidden and clears the journal, in one transaction. */
  finishCommit(entries: readonly CommitEntry[]): Promise<Written<void>>;
  /**
   * Forgets an entry whose bytes are lost: a hidden one's old record and grants are as they were, and of one
   * at once the record that it replaced comes back. Grants that were set at once stay.
   */
  abandonCommit(entries: readonly CommitEntry[]): Promise<Written<void>>;
  /**
   * Journals a removal, drops the path's row and its allows, keeps its denies, and enters the trash where it goes
   * there, in one transaction. It may be begun again under its name. An expiry stays until it is finished.
   */
  beginRemoval(removal: PendingRemoval): Promise<Written<void>>;
  finishRemoval(removal: PendingRemoval): Promise<void>;
  pending(): Promise<Pending>;
}

/** One open store, as seen by each of its users. */
export interface Store {
  readonly acl: AclStore;
  readonly credentials: CredentialStore;
  readonly usage: UsageStore;
  readonly signedUrls: SignedUrlStore;
  readonly shareLinks: ShareLinkStore;
  readonly linkCounts: LinkCountStore;
  readonly files: FileStore;
  readonly expiries: ExpiryStore;
  readonly trash: TrashStore;
  readonly moves: MoveStore;
  readonly tree: TreeStore;
  readonly quotas: QuotaStore;
  readonly digests: DigestStore;
  readonly attempts: AttemptStore;
  readonly failures: FailureStore;
  readonly facts: FactsSource;
  close(): Promise<void>;
}
