/** The rows of files and the journal of their commits, in SQLite. The order of steps is `uploads/committer.ts`'s. */

import type { Database, Statement } from 'better-sqlite3';
import { RequestClosed } from '../../acl/errors.js';
import { draftOf } from '../../acl/grant.js';
import type {
  CommitEntry,
  FileRecord,
  FileStore,
  Pending,
  PendingRemoval,
  RequestedFile,
  Written,
} from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { type QuotaLimits, UNLIMITED } from '../../acl/quota.js';
import type { RecordChange, RecordSelection } from '../../acl/record-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { isSameRecord } from '../../acl/same-record.js';
import { arrivingGrants } from '../arriving-grants.js';
import { type JournalRow, pendingOf, removalJson } from '../journal-entries.js';
import { beyond, type FileRow, fileOf, GRANT_COLUMNS, type GrantRow, grantOf } from '../rows.js';
import { touchedBy } from '../touched.js';
import type { ChangeLog } from './change-log.js';
import { GrantWriter } from './grant-writer.js';
import { MovesUnderWay } from './moves-under-way.js';
import { DigestRows } from './sqlite-digests.js';
import { ExpiryRows } from './sqlite-expiries.js';
import type { SqliteQuotas } from './sqlite-quotas.js';
import { TrashRows } from './sqlite-trash.js';

export class SqliteFiles implements FileStore {
  readonly #db: Database;
  readonly #log: ChangeLog;
  readonly #quotas: SqliteQuotas;
  readonly #grants: GrantWriter;
  readonly #moves: MovesUnderWay;
  readonly #expiries: ExpiryRows;
  readonly #trash: TrashRows;
  readonly #digests: DigestRows;
  readonly #grantsOn: Statement<[string], GrantRow>;
  readonly #file: Statement<[string], FileRow>;
  readonly #page: Statement<[string, string, number], FileRow>;
  readonly #pendingPaths: Statement<[], string>;
  readonly #putFile: Statement<[string, string | null, number, number]>;
  readonly #dropFile: Statement<[string]>;
  readonly #dropAllows: Statement<[string]>;
  readonly #journal: Statement<[string, string, string, number, string]>;
  readonly #journalRemoval: Statement<[string, string, string]>;
  readonly #forgetRemovals: Statement<[string]>;
  readonly #clear: Statement<[string]>;
  readonly #count: Statement<{ linkId: string; filesMax: number | null; folder: string | null }>;
  readonly #uncount: Statement<[string]>;

  constructor(db: Database, log: ChangeLog, quotas: SqliteQuotas) {
    this.#db = db;
    this.#log = log;
    this.#quotas = quotas;
    this.#grants = new GrantWriter(db);
    this.#moves = new MovesUnderWay(db);
    this.#expiries = new ExpiryRows(db);
    this.#trash = new TrashRows(db);
    this.#digests = new DigestRows(db);
    this.#grantsOn = db.prepare(`SELECT ${GRANT_COLUMNS} FROM grants WHERE path = ?`);
    this.#file = db.prepare('SELECT path, owner, bytes, updated_at FROM files WHERE path = ?');
    this.#page = db.prepare(
      'SELECT path, owner, bytes, updated_at FROM files WHERE path > ? AND path < ? ORDER BY path LIMIT ?',
    );
    this.#pendingPaths = db.prepare<[], string>('SELECT path FROM journal').pluck();
    this.#putFile = db.prepare(
      // No OR REPLACE: SQLite then removes the old row without its trigger, and it would be counted for ever.
      `INSERT INTO files VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE
       SET owner = excluded.owner, bytes = excluded.bytes, updated_at = excluded.updated_at`,
    );
    this.#dropFile = db.prepare('DELETE FROM files WHERE path = ?');
    this.#dropAllows = db.prepare("DELETE FROM grants WHERE path = ? AND effect = 'allow'");
    this.#journal = db.prepare('INSERT INTO journal VALUES (?, ?, ?, ?, ?)');
    this.#journalRemoval = db.prepare("INSERT OR REPLACE INTO journal VALUES (?, 'removal', ?, 0, ?)");
    this.#forgetRemovals = db.prepare("DELETE FROM journal WHERE path = ? AND kind = 'removal'");
    this.#clear = db.prepare('DELETE FROM journal WHERE partial = ?');
    this.#count = db.prepare(
      `UPDATE share_links SET uploads = uploads + 1
       WHERE id = @linkId AND revoked_at IS NULL AND (@filesMax IS NULL OR uploads < @filesMax)
         AND (@folder IS NULL OR path = @folder)`,
    );
    this.#uncount = db.prepare('UPDATE share_links SET uploads = max(0, uploads - 1) WHERE id = ?');
  }

  async file(path: ResourcePath): Promise<FileRecord | undefined> {
    const row = this.#file.get(path);
    return row === undefined ? undefined : fileOf(row);
  }

  async records({ folder, after, max }: RecordSelection): Promise<readonly FileRecord[]> {
    return this.#page.all(after ?? folder, beyond(folder), max).map(fileOf);
  }

  async reconcile(changes: readonly RecordChange[]): Promise<readonly RecordChange[]> {
    return this.#log.writeUnnumbered(() => {
      const pending = new Set(this.#pendingPaths.all());
      const unmoved = this.#moves.except(changes.map(({ path }) => path));
      return changes.filter(({ path, from, to }) => {
        const row = this.#file.get(path);
        if (pending.has(path) || !unmoved.has(path) || !isSameRecord(row && fileOf(row), from)) return false;
        if (to === undefined) this.#dropFile.run(path);
        else this.#write(to);
        return true;
      });
    });
  }

  async beginCommit(
    entries: readonly CommitEntry[],
    userLimits: QuotaLimits = UNLIMITED,
  ): Promise<Written<void>> {
    return this.#log.write(() => {
      this.#moves.refuse(entries.map(({ file }) => file.path));
      this.#quotas.admit(entries, userLimits);
      for (const entry of entries) {
        const hidden = entry.visibility === 'hidden';
        if (entry.requested !== undefined) this.#countFor(entry.requested);
        this.#forgetRemovals.run(entry.file.path);
        this.#journal.run(entry.partial, 'commit', entry.file.path, Number(hidden), JSON.stringify(entry));
        if (!hidden) this.#writeRows(entry);
      }
      return { value: undefined, touched: entries.flatMap(touchedBy) };
    });
  }

  async finishCommit(entries: readonly CommitEntry[]): Promise<Written<void>> {
    return this.#log.write(() => {
      const hidden = entries.filter((entry) => entry.visibility === 'hidden');
      for (const entry of hidden) this.#writeRows(entry);
      for (const { partial, trashId } of entries) {
        this.#clear.run(partial);
        if (trashId !== undefined) this.#trash.drop(trashId);
      }
      return { value: undefined, touched: hidden.flatMap(touchedBy) };
    });
  }

  async abandonCommit(entries: readonly CommitEntry[]): Promise<Written<void>> {
    return this.#log.write(() => {
      for (const entry of entries) {
        this.#clear.run(entry.partial);
        if (entry.requested !== undefined) this.#uncount.run(entry.requested.linkId);
        if (entry.visibility === 'at-once') this.#writeBack(entry);
      }
      return { value: undefined, touched: entries.map((entry) => entry.file.path) };
    });
  }

  async beginRemoval(removal: PendingRemoval): Promise<Written<void>> {
    return this.#log.write(() => {
      this.#moves.refuse([removal.path]);
      this.#journalRemoval.run(removal.partial, removal.path, removalJson(removal));
      this.#enterTrash(removal);
      this.#dropFile.run(removal.path);
      this.#dropAllows.run(removal.path);
      return { value: undefined, touched: [removal.path] };
    });
  }

  async finishRemoval(removal: PendingRemoval): Promise<void> {
    await this.#log.write(() => {
      const { changes } = this.#clear.run(removal.partial);
      const isEnded = changes > 0 && this.#expiries.set(removal.path, undefined);
      return { value: undefined, touched: isEnded ? [removal.path] : [] };
    });
  }

  async pending(): Promise<Pending> {
    const rows = this.#db.prepare<[], JournalRow>('SELECT * FROM journal ORDER BY partial').all();
    return pendingOf(rows);
  }

  #countFor({ linkId, filesMax, folder }: RequestedFile): void {
    const { changes } = this.#count.run({ linkId, filesMax: filesMax ?? null, folder: folder ?? null });
    if (changes === 0) throw new RequestClosed('the file request takes no more');
  }

  #enterTrash({ path, trash }: PendingRemoval): void {
    if (trash === undefined) return;
    const owner = this.#file.get(path)?.owner ?? undefined;
    const expiresAt = this.#expiries.of(path);
    this.#trash.put({
      ...trash,
      path,
      grants: this.#grantsOn.all(path).map((row) => draftOf(grantOf(row))),
      ...(owner !== undefined && { owner: owner as Principal }),
      ...(expiresAt !== undefined && { expiresAt }),
    });
  }

  #write({ path, owner, bytes, updatedAt }: FileRecord): void {
    this.#putFile.run(path, owner ?? null, bytes, updatedAt);
  }

  #writeBack(entry: CommitEntry): void {
    if (entry.replaces === undefined) this.#dropFile.run(entry.file.path);
    else this.#write(entry.replaces);
  }

  #writeRows(entry: CommitEntry): void {
    this.#write(entry.file);
    this.#digests.set(entry.file, entry.sha256);
    this.#expiries.set(entry.file.path, entry.expiresAt);
    if (entry.grants.length === 0) return;
    const session = this.#grants.begin();
    const standing = this.#grantsOn.all(entry.file.path).map(grantOf);
    for (const grant of arrivingGrants(entry, standing)) session.put(grant);
    session.end();
  }
}
