/**
 * The rows of files and the journal of their commits, in PostgreSQL. The order of steps is `uploads/committer.ts`'s.
 *
 * Each write has its turn among those of all processes (`PostgresDatabase.write`), so what it has read is true until it
 * has committed, as in SQLite: that no move is under way, what a path had, what a quota has left.
 */

import { draftOf } from '../../acl/grant.js';
import { beyond } from '../../acl/path-range.js';
import type {
  CommitEntry,
  FileRecord,
  FileStore,
  Pending,
  PendingRemoval,
  Written,
} from '../../acl/ports.js';
import { type QuotaLimits, UNLIMITED } from '../../acl/quota.js';
import type { RecordChange, RecordSelection } from '../../acl/record-ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import { isSameRecord } from '../../acl/same-record.js';
import { type JournalRow, pendingOf } from '../journal-entries.js';
import { type FileRow, fileOf } from '../rows.js';
import { touchedBy } from '../touched.js';
import { writeCommitted } from './committed-rows.js';
import { expiryOf, setExpiries } from './expiry-rows.js';
import type { FilesDatabase } from './fenced-database.js';
import { dropFiles, FILE_COLUMNS, filesAt, writeFiles } from './file-rows.js';
import { grantsOn } from './grant-rows.js';
import { clearJournal, JOURNAL, journalCommits, journalRemoval, pendingPaths } from './journal-rows.js';
import { exceptMoving, refuseMoves } from './moves-under-way.js';
import { inPathOrder, isBetween, isPath } from './path-key.js';
import { dropTrash, putTrash } from './postgres-trash.js';
import { admitCommit } from './quota-admission.js';
import { countRequested, uncountRequested } from './requested-files.js';
import type { Transaction } from './transaction.js';

const ON_PATH = isPath('$1::text');

export class PostgresFiles implements FileStore {
  readonly #db: FilesDatabase;

  constructor(db: FilesDatabase) {
    this.#db = db;
  }

  async file(path: ResourcePath): Promise<FileRecord | undefined> {
    const [row] = await this.#db.rows<FileRow>(`SELECT ${FILE_COLUMNS} FROM files WHERE ${ON_PATH}`, [path]);
    return row && fileOf(row);
  }

  async records({ folder, after, max }: RecordSelection): Promise<readonly FileRecord[]> {
    const rows = await this.#db.rows<FileRow>(
      `SELECT ${FILE_COLUMNS} FROM files WHERE ${isBetween('$1::text', '$2::text')}
       ORDER BY ${inPathOrder()} LIMIT $3`,
      [after ?? folder, beyond(folder), max],
    );
    return rows.map(fileOf);
  }

  async reconcile(changes: readonly RecordChange[]): Promise<readonly RecordChange[]> {
    const paths = changes.map(({ path }) => path);
    return this.#db.writeUnnumbered(async (tx) => {
      const pending = await pendingPaths(tx, paths);
      const unmoved = await exceptMoving(tx, paths);
      const standing = await filesAt(tx, paths);
      const made = changes.filter(({ path, from, to }) => {
        if (pending.has(path) || !unmoved.has(path) || !isSameRecord(standing.get(path), from)) return false;
        if (to === undefined) standing.delete(path);
        else standing.set(path, to);
        return true;
      });
      const each = [...new Set(made.map(({ path }) => path))];
      await dropFiles(
        tx,
        each.filter((path) => !standing.has(path)),
      );
      await writeFiles(
        tx,
        each.flatMap((path) => standing.get(path) ?? []),
      );
      return made;
    });
  }

  async beginCommit(
    entries: readonly CommitEntry[],
    userLimits: QuotaLimits = UNLIMITED,
  ): Promise<Written<void>> {
    return this.#db.write(async (tx) => {
      await refuseMoves(
        tx,
        entries.map(({ file }) => file.path),
      );
      await admitCommit(tx, entries, userLimits);
      await countRequested(tx, entries);
      await journalCommits(tx, entries);
      await writeCommitted(
        tx,
        entries.filter(({ visibility }) => visibility === 'at-once'),
      );
      return { value: undefined, touched: entries.flatMap(touchedBy) };
    });
  }

  async finishCommit(entries: readonly CommitEntry[]): Promise<Written<void>> {
    const hidden = entries.filter(({ visibility }) => visibility === 'hidden');
    return this.#db.write(async (tx) => {
      await writeCommitted(tx, hidden);
      await clearJournal(tx, partialsOf(entries));
      await dropTrash(
        tx,
        entries.flatMap(({ trashId }) => trashId ?? []),
      );
      return { value: undefined, touched: hidden.flatMap(touchedBy) };
    });
  }

  async abandonCommit(entries: readonly CommitEntry[]): Promise<Written<void>> {
    const paths = entries.map(({ file }) => file.path);
    const atOnce = entries.filter(({ visibility }) => visibility === 'at-once');
    return this.#db.write(async (tx) => {
      await clearJournal(tx, partialsOf(entries));
      await uncountRequested(tx, entries);
      await dropFiles(
        tx,
        atOnce.filter(({ replaces }) => replaces === undefined).map(({ file }) => file.path),
      );
      await writeFiles(
        tx,
        atOnce.flatMap(({ replaces }) => replaces ?? []),
      );
      return { value: undefined, touched: paths };
    });
  }

  async beginRemoval(removal: PendingRemoval): Promise<Written<void>> {
    const { path } = removal;
    return this.#db.write(async (tx) => {
      await refuseMoves(tx, [path]);
      await journalRemoval(tx, removal);
      await enterTrash(tx, removal);
      await dropFiles(tx, [path]);
      await tx.run(`DELETE FROM grants WHERE ${ON_PATH} AND effect = 'allow'`, [path]);
      return { value: undefined, touched: [path] };
    });
  }

  async finishRemoval({ partial, path }: PendingRemoval): Promise<void> {
    await this.#db.write(async (tx) => {
      const wasThere = (await clearJournal(tx, [partial])) > 0;
      const isEnded = wasThere && (await setExpiries(tx, [{ path, expiresAt: undefined }]));
      return { value: undefined, touched: isEnded ? [path] : [] };
    });
  }

  async pending(): Promise<Pending> {
    return pendingOf(await this.#db.rows<JournalRow>(JOURNAL));
  }
}

async function enterTrash(tx: Transaction, { path, trash }: PendingRemoval): Promise<void> {
  if (trash === undefined) return;
  const owner = (await filesAt(tx, [path])).get(path)?.owner;
  const expiresAt = await expiryOf(tx, path);
  await putTrash(tx, {
    ...trash,
    path,
    grants: (await grantsOn(tx, path)).map(draftOf),
    ...(owner !== undefined && { owner }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
}

function partialsOf(entries: readonly CommitEntry[]): readonly string[] {
  return entries.map(({ partial }) => partial);
}
