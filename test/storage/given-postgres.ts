/**
 * Stores in one PostgreSQL that a test file has to itself: each is a schema, which is emptied and used again when its
 * store was closed, since making one takes a tenth of a second.
 */

import pg from 'pg';
import tap from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { type Postgres, postgres } from '../postgres.js';

const EMPTY = `DO $$ DECLARE name text; BEGIN
  PERFORM set_config('session_replication_role', 'replica', true); -- no trigger counts what goes
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'state' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  UPDATE state SET store = gen_random_uuid(), revision = 0, trimmed = 0, mark = 0, grant_id = 0;
END $$`;

interface Server {
  readonly postgres: Postgres;
  readonly client: pg.Client;
}

let server: Promise<Server> | undefined;
const free: string[] = [];
let schemas = 0;

export async function freshPostgresStore(): Promise<Store> {
  server ??= started();
  const { postgres, client } = await server;
  const used = free.pop();
  const schema = used ?? `store_${++schemas}`;
  if (used !== undefined) await client.query(`SET search_path = ${schema}; ${EMPTY}`);
  const store = await openPostgresStore(postgres.url({ schema }));
  return {
    ...store,
    close: async () => {
      await store.close();
      free.push(schema);
    },
  };
}

/** For as long as the test file runs. */
export async function sharedPostgres(): Promise<Postgres> {
  server ??= started();
  return (await server).postgres;
}

async function started(): Promise<Server> {
  const server = await postgres(tap);
  const client = new pg.Client(server.url());
  await client.connect();
  tap.teardown(() => client.end());
  return { postgres: server, client };
}
