/**
 * The connection is lost while the server commits what takes no revision, such as the end of a commit whose file was
 * seen at once: the change log does not tell what became of it, and nobody may be told that it was made.
 */

import t, { type Test } from 'tap';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { postgres } from '../postgres.js';
import { entry, path } from './given.js';

/** It runs in the COMMIT itself. */
const endInCommit = (table: string) => `
  CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER end_it AFTER DELETE OR UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION end_it()`;

const server = await postgres(t);

async function given(t: Test, schema: string) {
  const store = await openPostgresStore(server.url({ schema }));
  t.teardown(() => store.close());
  const client = await server.client();
  await client.query(`SET search_path = ${schema}`);
  return { store, client };
}

t.test('the end of a commit that was lost is told, and is made the next time', async (t) => {
  const { store, client } = await given(t, 'numbered');
  const upload = entry('p', '/a', 'at-once');
  await store.files.beginCommit([upload]);
  await client.query(endInCommit('journal'));
  await t.rejects(store.files.finishCommit([upload]), { code: 'store-unavailable' });
  t.strictSame((await store.files.pending()).commits, [upload]);
  await client.query('DROP FUNCTION end_it CASCADE');
  await store.files.finishCommit([upload]);
  t.strictSame((await store.files.pending()).commits, []);
  t.ok(await store.files.file(path('/a')));
});

t.test('so is a mending of records, which never takes a number', async (t) => {
  const { store, client } = await given(t, 'unnumbered');
  const record = { path: path('/a'), owner: undefined, bytes: 1, updatedAt: 1_000 };
  await store.files.reconcile([{ path: record.path, from: undefined, to: record }]);
  await client.query(endInCommit('files'));
  const gone = { path: record.path, from: record, to: undefined };
  await t.rejects(store.files.reconcile([gone]), { code: 'store-unavailable' });
  t.strictSame(await store.files.file(record.path), record);
});
