/** The journal of moves in PostgreSQL. The order of steps is `uploads/mover.ts`'s. */

import { NotKnown } from '../../acl/errors.js';
import { beyond } from '../../acl/path-range.js';
import type { Written } from '../../acl/ports.js';
import type { MoveCounts, MoveEntry, MoveStore } from '../../acl/tree-ports.js';
import { moveOf } from '../journal-entries.js';
import { eachOrAll } from '../touched.js';
import type { FilesDatabase } from './fenced-database.js';
import { dropSourceAllows, moveExpiries, moveFiles, moveGrants, moveLinks } from './moved-rows.js';
import { refuseMoves } from './moves-under-way.js';
import { isWithin } from './path-key.js';
import { admitMove } from './quota-admission.js';
import type { Transaction } from './transaction.js';

const IN_EITHER = `(${isWithin('$1::text', '$2::text')} OR ${isWithin('$3::text', '$4::text')})`;

const NOTHING: MoveCounts = { files: 0, grants: 0, dropped: 0, links: 0 };

export class PostgresMoves implements MoveStore {
  readonly #db: FilesDatabase;

  constructor(db: FilesDatabase) {
    this.#db = db;
  }

  async beginMove(entry: MoveEntry): Promise<Written<void>> {
    const { name, from, to } = entry;
    return this.#db.write(async (tx) => {
      await refuseMoves(tx, [from, to]);
      await refuseCommits(tx, entry);
      await admitMove(tx, entry);
      await tx.run(`DELETE FROM journal WHERE kind = 'removal' AND ${IN_EITHER}`, rangesOf(entry));
      await tx.run('INSERT INTO moves (name, source, target, entry) VALUES ($1, $2, $3, $4)', [
        name,
        from,
        to,
        JSON.stringify(entry),
      ]);
      return { value: undefined, touched: [from, to] };
    });
  }

  async finishMove(entry: MoveEntry): Promise<Written<MoveCounts>> {
    return this.#db.writeMany(async (tx) => {
      if (!(await clear(tx, entry))) return { value: NOTHING, touched: [] };
      const grants = await (entry.grants === 'keep' ? moveGrants : dropSourceAllows)(tx, entry);
      const files = await moveFiles(tx, entry);
      const expiries = await moveExpiries(tx, entry);
      const links = await moveLinks(tx, entry);
      return {
        value: { files, ...grants.value, links: links.length },
        touched: eachOrAll([entry.from, entry.to, ...grants.touched, ...expiries, ...links]),
      };
    });
  }

  async abandonMove(entry: MoveEntry): Promise<Written<void>> {
    return this.#db.write(async (tx) => {
      const touched = (await clear(tx, entry)) ? [entry.from, entry.to] : [];
      return { value: undefined, touched };
    });
  }

  async moves(): Promise<readonly MoveEntry[]> {
    const rows = await this.#db.rows<{ entry: string }>('SELECT entry FROM moves ORDER BY name');
    return rows.map(({ entry }) => moveOf(entry));
  }
}

async function refuseCommits(tx: Transaction, entry: MoveEntry): Promise<void> {
  const [commit] = await tx.rows<{ path: string }>(
    `SELECT path FROM journal WHERE kind = 'commit' AND ${IN_EITHER} LIMIT 1`,
    rangesOf(entry),
  );
  if (commit !== undefined) throw new NotKnown('committing', `${commit.path} is being replaced`);
}

async function clear(tx: Transaction, { name }: MoveEntry): Promise<boolean> {
  return (await tx.run('DELETE FROM moves WHERE name = $1', [name])) > 0;
}

function rangesOf({ from, to }: MoveEntry): readonly string[] {
  return [from, beyond(from), to, beyond(to)];
}
