/** What the tests of PostgreSQL itself are given: a schema for each, and stores and transactions in it. */

import type { Test } from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { parseAddress } from '../../src/storage/postgres/address.js';
import { WRITER_LIMITS, type WriterLimits } from '../../src/storage/postgres/connection-limits.js';
import { PostgresDatabase } from '../../src/storage/postgres/database.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import type { Postgres } from '../postgres.js';

let schemas = 0;

export function freshSchema() {
  schemas += 1;
  return { schema: `own_${schemas}` };
}

export async function storeAt(t: Test, url: string, limits: Partial<WriterLimits> = {}): Promise<Store> {
  const store = await openPostgresStore(url, { ...WRITER_LIMITS, ...limits });
  t.teardown(() => store.close());
  return store;
}

/** Beside a store that has made its tables. */
export function databaseAt(t: Test, url: string, limits: Partial<WriterLimits> = {}): PostgresDatabase {
  const database = new PostgresDatabase(parseAddress(url), { ...WRITER_LIMITS, ...limits });
  t.teardown(() => database.close());
  return database;
}

/** The revisions that the log has, in the order of their rows. */
export async function loggedRevisions(server: Postgres, schema: string): Promise<number[]> {
  const client = await server.client();
  const { rows } = await client.query(`SELECT revision::int FROM ${schema}.changes ORDER BY ctid`);
  return rows.map(({ revision }) => revision);
}

/** What resolves when somebody says so. */
export function signal() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { given: promise, give: () => resolve() };
}
