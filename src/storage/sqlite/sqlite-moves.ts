/** The journal of moves in SQLite, and what a move does to the rows. The order of steps is `uploads/mover.ts`'s. */

import type { Database } from 'better-sqlite3';
import { NotKnown } from '../../acl/errors.js';
import { beyond, moved } from '../../acl/path-range.js';
import type { CredentialKey, Written } from '../../acl/ports.js';
import type { ResourcePath } from '../../acl/resource-path.js';
import type { MoveCounts, MoveEntry, MoveStore } from '../../acl/tree-ports.js';
import { moveOf } from '../journal-entries.js';
import { eachOrAll } from '../touched.js';
import type { Change, ChangeLog } from './change-log.js';
import { mergeStandingDenies } from './merged-denies.js';
import { MovesUnderWay } from './moves-under-way.js';
import type { SqliteQuotas } from './sqlite-quotas.js';

const IN_SOURCE = 'path >= @from AND path < @fromEnd';
const IN_TARGET = 'path >= @to AND path < @toEnd';
const MOVED = '@to || substr(path, length(@from) + 1)';

const NOTHING: MoveCounts = { files: 0, grants: 0, dropped: 0, links: 0 };

type Range = Readonly<Record<'from' | 'fromEnd' | 'to' | 'toEnd', string>>;

export class SqliteMoves implements MoveStore {
  readonly #db: Database;
  readonly #log: ChangeLog;
  readonly #quotas: SqliteQuotas;
  readonly #underWay: MovesUnderWay;

  constructor(db: Database, log: ChangeLog, quotas: SqliteQuotas) {
    this.#db = db;
    this.#log = log;
    this.#quotas = quotas;
    this.#underWay = new MovesUnderWay(db);
  }

  async beginMove(entry: MoveEntry): Promise<Written<void>> {
    const { name, from, to } = entry;
    return this.#log.write(() => {
      this.#underWay.refuse([from, to]);
      this.#refuseCommits(entry);
      this.#quotas.admitMove(entry);
      this.#run(`DELETE FROM journal WHERE kind = 'removal' AND (${IN_SOURCE} OR ${IN_TARGET})`, entry);
      this.#db.prepare('INSERT INTO moves VALUES (?, ?, ?, ?)').run(name, from, to, JSON.stringify(entry));
      return { value: undefined, touched: [from, to] };
    });
  }

  async finishMove(entry: MoveEntry): Promise<Written<MoveCounts>> {
    return this.#log.write(() => {
      if (!this.#clear(entry)) return { value: NOTHING, touched: [] };
      const grants = entry.grants === 'keep' ? this.#moveGrants(entry) : this.#dropAllows(entry);
      this.#run(`DELETE FROM files WHERE ${IN_TARGET}`, entry);
      const files = this.#run(`UPDATE files SET path = ${MOVED} WHERE ${IN_SOURCE}`, entry);
      if (entry.file !== undefined) {
        const { bytes, modifiedSeconds } = entry.file;
        const update = this.#db.prepare('UPDATE files SET bytes = ?, updated_at = ? WHERE path = ?');
        update.run(bytes, modifiedSeconds * 1000, entry.to);
      }
      const expiries = this.#moveExpiries(entry);
      const links = this.#moveLinks(entry);
      return {
        value: { files, ...grants.value, links: links.length },
        touched: eachOrAll([entry.from, entry.to, ...grants.touched, ...expiries, ...links]),
      };
    });
  }

  async abandonMove(entry: MoveEntry): Promise<Written<void>> {
    return this.#log.write(() => {
      const touched = this.#clear(entry) ? [entry.from, entry.to] : [];
      return { value: undefined, touched };
    });
  }

  async moves(): Promise<readonly MoveEntry[]> {
    const entries = this.#db.prepare<[], string>('SELECT entry FROM moves ORDER BY name').pluck().all();
    return entries.map(moveOf);
  }

  #refuseCommits(entry: MoveEntry): void {
    const path = this.#db
      .prepare<[Range], string>(
        `SELECT path FROM journal WHERE kind = 'commit' AND (${IN_SOURCE} OR ${IN_TARGET}) LIMIT 1`,
      )
      .pluck()
      .get(rangeOf(entry));
    if (path !== undefined) throw new NotKnown('committing', `${path} is being replaced`);
  }

  #clear({ name }: MoveEntry): boolean {
    return this.#db.prepare('DELETE FROM moves WHERE name = ?').run(name).changes > 0;
  }

  /** Grants keep their ids: a link stands by the grant that its maker had. */
  #moveGrants(entry: MoveEntry): Change<Pick<MoveCounts, 'grants' | 'dropped'>> {
    const { from, to } = entry;
    const gone = this.#paths(
      `DELETE FROM grants WHERE ${IN_TARGET} AND effect = 'allow' RETURNING path`,
      entry,
    );
    const merged = mergeStandingDenies(this.#db, entry);
    const arrived = this.#paths(`UPDATE grants SET path = ${MOVED} WHERE ${IN_SOURCE} RETURNING path`, entry);
    const touched = [...gone, ...merged, ...arrived];
    return {
      value: { grants: arrived.length, dropped: gone.length },
      touched: [...touched, ...touched.map((path) => moved(path, to, from))],
    };
  }

  #dropAllows(entry: MoveEntry): Change<Pick<MoveCounts, 'grants' | 'dropped'>> {
    const gone = this.#paths(
      `DELETE FROM grants WHERE ${IN_SOURCE} AND effect = 'allow' RETURNING path`,
      entry,
    );
    return { value: { grants: 0, dropped: gone.length }, touched: gone };
  }

  #moveExpiries(entry: MoveEntry): readonly ResourcePath[] {
    const { from, to } = entry;
    const gone = this.#paths(`DELETE FROM expiries WHERE ${IN_TARGET} RETURNING path`, entry);
    const arrived = this.#paths(
      `UPDATE expiries SET path = ${MOVED} WHERE ${IN_SOURCE} RETURNING path`,
      entry,
    );
    return [...gone, ...arrived, ...arrived.map((path) => moved(path, to, from))];
  }

  #moveLinks(entry: MoveEntry): readonly CredentialKey[] {
    return this.#db
      .prepare<[Range], string>(`UPDATE share_links SET path = ${MOVED} WHERE ${IN_SOURCE} RETURNING id`)
      .pluck()
      .all(rangeOf(entry))
      .map((id): CredentialKey => `link:${id}`);
  }

  #run(sql: string, entry: MoveEntry): number {
    return this.#db.prepare<[Range]>(sql).run(rangeOf(entry)).changes;
  }

  #paths(sql: string, entry: MoveEntry): readonly ResourcePath[] {
    return this.#db.prepare<[Range], ResourcePath>(sql).pluck().all(rangeOf(entry));
  }
}

function rangeOf({ from, to }: MoveEntry): Range {
  return { from, fromEnd: beyond(from), to, toEnd: beyond(to) };
}
