/**
 * Brings the schema of a store up to this version: each migration in one transaction with its number, and no two
 * processes at once. What is there already needs no right to make tables.
 */

import { NotKnown } from '../../acl/errors.js';
import type { PostgresDatabase } from './database.js';
import { MIGRATIONS, newerSchema, SCHEMA_VERSION } from './schema.js';
import type { Transaction } from './transaction.js';

/** @throws NotKnown when the store was written by a newer Latchkey, or is half copied; StoreBusy */
export async function migrate(database: PostgresDatabase): Promise<void> {
  if ((await database.read(schemaVersion)) === SCHEMA_VERSION) return;
  const step = () =>
    database.migrate(async (tx, schema) => {
      const found = await schemaVersion(tx);
      if (found > SCHEMA_VERSION) throw new NotKnown('store-unreadable', newerSchema(found));
      const next = MIGRATIONS[found];
      if (next === undefined) return false;
      if (found === 0) await makeSchema(tx, schema);
      await tx.script(next);
      await tx.run('UPDATE state SET schema = $1', [found + 1]);
      return true;
    });
  while (await step()) {}
}

/** 0: there is none yet. */
export async function schemaVersion(tx: Transaction): Promise<number> {
  const [row] = await tx.rows<{ found: string | null }>("SELECT to_regclass('state')::text AS found");
  if (row?.found == null) return 0;
  const [state] = await tx.rows<{ schema: number }>('SELECT schema FROM state');
  return state?.schema ?? 0;
}

/** @param schema what `address.ts` let through: it may be a word of SQL, and has no quotes in it */
async function makeSchema(tx: Transaction, schema: string): Promise<void> {
  const found = await tx.rows('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (found.length === 0) await tx.run(`CREATE SCHEMA "${schema}"`);
}
