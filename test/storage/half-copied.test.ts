/**
 * A migration that is killed, at every kind of step: nobody opens what it leaves, and the same again makes of it the store
 * that it was to be, to the byte; whatever has happened to the source meanwhile.
 */

import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import SQLite from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { Store } from '../../src/acl/ports.js';
import { UNLIMITED } from '../../src/acl/quota.js';
import { copyStore, type StoreCopyOptions } from '../../src/assembly/store-copy.js';
import type { CopyStep } from '../../src/storage/postgres/copy-in.js';
import { openPostgresFacts, openPostgresStore } from '../../src/storage/postgres/open.js';
import { shownWords } from '../../src/storage/sqlite/lock-holder.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { fill, rowsInPostgres, rowsInSqlite } from '../commands/filled-store.js';
import { latchkey, ownFolder, several } from '../commands/program.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { killed } from '../uploads/killed-at.js';
import type { CopyPlan } from './copying-process.js';
import { draft, entry, load, path } from './given.js';

const server = await postgres(t);
const client = await server.client();
const folder = ownFolder(t);
const filled = `${folder}/filled.db`;
await fill(filled);
const store = openSqliteStore(filled);
await store.acl.putGrants(Array.from({ length: 9 }, (_, i) => draft(`user:u${i} read /many/${i % 3}`)));
await store.close();

const HALF =
  /this database holds an unfinished migration: run the same 'latchkey migrate' again, or with --restart/;
const LIMIT_MS = 30_000;
let schemas = 0;

interface Scene {
  readonly file: string;
  readonly schema: string;
  readonly url: string;
  /** Copies, and answers with what a person is told. */
  copy(options?: Partial<StoreCopyOptions>): Promise<string[]>;
  /** What it has told until then. */
  killedAt(killAt: CopyStep, nth: number): Promise<string>;
}

function scene(): Scene {
  const schema = `half_${++schemas}`;
  const file = `${folder}/${schema}.db`;
  copyFileSync(filled, file);
  const url = server.url({ schema });
  return {
    file,
    schema,
    url,
    copy: async (options) => {
      const notes: string[] = [];
      const onNote = (note: string) => void notes.push(note);
      await copyStore(file, url, { begin: 'where-it-was', onProgress: () => undefined, onNote, ...options });
      return notes;
    },
    killedAt: (killAt, nth) => killed(PROGRAM, { file, url, rowsMax: 2, killAt, nth } satisfies CopyPlan),
  };
}

const PROGRAM = fileURLToPath(new URL('copying-process.ts', import.meta.url));

async function isTheSame(t: Test, { file, schema, url }: Scene): Promise<void> {
  t.same(await rowsInPostgres(client, schema), rowsInSqlite(file), 'every row of every table');
  const [there, here] = [openSqliteStore(file), await openPostgresStore(url)];
  t.equal(await here.acl.revision(), (await there.acl.revision()) + 1);
  t.same(await here.quotas.recount(), [], 'what is counted is right');
  await Promise.all([there.close(), here.close()]);
}

async function nobodyOpens(t: Test, url: string): Promise<void> {
  await t.rejects(openPostgresStore(url), { message: HALF });
  await t.rejects(openPostgresFacts(url), { message: HALF });
}

/** One after another, each going on where the one before was killed: the numbers count its own steps. */
const KILLS: readonly (readonly [CopyStep, number, 'half' | 'whole'])[] = [
  ['begun', 1, 'half'],
  ['sent', 1, 'half'],
  ['committed', 1, 'half'],
  ['sent', 3, 'half'], // in the middle of grants
  ['committed', 7, 'half'], // behind files, whose triggers have counted
  ['compared', 1, 'half'],
  ['finished', 1, 'whole'],
];

t.test('killed at a step nobody opens it, and the same again goes on as if nothing had been', async (t) => {
  const given = scene();
  for (const [step, nth, leaves] of KILLS) {
    const said = await given.killedAt(step, nth);
    t.notMatch(said, /copied again/, `${step}, ${nth}: what was there was right`);
    if (leaves === 'half') await nobodyOpens(t, given.url);
    else t.same(await rowsInPostgres(client, given.schema), rowsInSqlite(given.file));
  }
  t.match(await given.copy(), ['was copied before, and is the same: nothing was to be done']);
  await isTheSame(t, given);
});

const HALTED = 'halted by the test';

/** As a kill, but the connections are closed in order. */
function haltAt(at: CopyStep, nth = 1) {
  let still = nth;
  return (step: CopyStep) => {
    if (step === at) still -= 1;
    if (step === at && still === 0) throw new Error(HALTED);
  };
}

function halted(t: Test, given: Scene, at: CopyStep, nth?: number) {
  return t.rejects(given.copy({ rowsMax: 2, onStep: haltAt(at, nth) }), { message: HALTED });
}

t.test('one that is stopped behind its third batch each time comes to its end, batch by batch', async (t) => {
  const given = scene();
  const reached: number[] = [];
  for (let isWhole = false; !isWhole; ) {
    isWhole = await given.copy({ rowsMax: 2, onStep: haltAt('committed', 3) }).then(
      () => true,
      (error) => {
        if (error.message !== HALTED) throw error;
        return false;
      },
    );
    reached.push(Object.values(await rowsInPostgres(client, given.schema)).flat().length);
  }
  t.ok(reached.length > 5, `${reached} rows`);
  await isTheSame(t, given);
});

/** A decision has little patience with a machine that does much else: then it is asked again. */
async function decides(store: Store, good: (told: string) => boolean): Promise<void> {
  const ask = () =>
    load(store).then(
      () => 'yes',
      ({ message }) => message as string,
    );
  await until(ask, good, LIMIT_MS);
}

t.test('nothing opens what is half copied, and who has opened it before stops', async (t) => {
  const given = scene();
  const before = await openPostgresStore(given.url);
  t.teardown(() => before.close());
  await halted(t, given, 'committed', 4);
  await nobodyOpens(t, given.url);
  await decides(before, (told) => HALF.test(told));
  await t.rejects(before.acl.putGrants([draft('user:a read /a')]), { message: HALF }, 'who writes');
  const env = { LATCHKEY_DATA: `${folder}/data`, LATCHKEY_DATABASE_URL: given.url };
  await several(['acl /', 'files', 'authorizer'], async (words) => {
    t.match(await latchkey(words.split(' '), { env }), { code: 3, stdout: '', stderr: HALF }, words);
  });
  await given.copy();
  await isTheSame(t, given);
  await decides(before, (told) => told === 'yes'); // with the whole one
});

const CHANGES: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a revoke of what was copied': ({ acl }) =>
    acl.removeGrants({ ...draft('user:u1 read /many/1'), actions: ['read'] }),
  'a file, which is counted': ({ files }) =>
    files.beginCommit([entry('new', '/new', 'at-once', ['user:a read /new'])]),
  'a quota, which takes no number': ({ quotas }) =>
    quotas.setQuota({ subject: path('/many/'), ...UNLIMITED, filesMax: 3 }),
};

for (const [name, change] of Object.entries(CHANGES)) {
  t.test(`between two runs the source has changed: ${name}`, async (t) => {
    const given = scene();
    await halted(t, given, 'committed', 20);
    const store = openSqliteStore(given.file);
    const before = await store.acl.revision();
    await change(store);
    const isNumbered = (await store.acl.revision()) > before;
    await store.close();
    const notes = (await given.copy({ rowsMax: 2 })).join('\n');
    t.match(notes, /goes on .*: \d+ rows are there/);
    t.match(notes, /not the same .*, and copied again: /);
    t.equal(/has changed since/.test(notes), isNumbered);
    await isTheSame(t, given);
  });
}

t.test('while it is copied nobody writes to the source, and who tries is told by whom', async (t) => {
  const given = scene();
  const writer = openSqliteStore(given.file, 0);
  t.teardown(() => writer.close());
  const late = draft('user:late read /').principal;
  const told = new RegExp(`^process ${process.pid} .*so nothing was changed`);
  await given.copy({
    onStep: async (step) => {
      if (step !== 'begun' && step !== 'compared') return;
      await t.rejects(writer.acl.suspend(late), { name: 'StoreBusy', message: told }, step);
    },
  });
  await isTheSame(t, given);
  t.ok((await writer.acl.suspend(late)).value, 'and afterwards it goes on');
  const words = ['latchkey', 'migrate', '--to=postgres://me:secret@db/latchkey', 'postgres://me:p@ss#w@db'];
  t.equal(
    shownWords(`${words.join('\0')}\0`),
    'latchkey migrate --to=postgres://me:********@db/latchkey postgres://…',
  );
});

t.test('who writes to the source as it begins is not passed over', async (t) => {
  const given = scene();
  const writer = new SQLite(given.file);
  writer.exec('BEGIN IMMEDIATE');
  await t.rejects(given.copy(), { name: 'StoreBusy', message: /writes to it; stop all services first/ });
  writer.close();
  await given.copy();
  await isTheSame(t, given);
});

t.test('what was begun with another store is not gone on with, but begun anew', async (t) => {
  const given = scene();
  await halted(t, given, 'committed', 12);
  const other = scene();
  const changed = openSqliteStore(other.file);
  await changed.acl.removeGrants({ ...draft('user:u1 read /many/1'), actions: ['read'] });
  await changed.close();
  const db = new SQLite(other.file);
  db.exec('DELETE FROM changes'); // nobody can tell any more what it was before
  db.close();
  const mixed = { ...given, file: other.file };
  const options = { onProgress: () => undefined, onNote: () => undefined };
  const copyOther = (begin: StoreCopyOptions['begin']) =>
    copyStore(other.file, given.url, { ...options, begin });
  const refused = {
    message: new RegExp(`of another store.*${given.file}, revision \\d+; name that one, or .*--restart`),
  };
  await t.rejects(copyOther('where-it-was'), { ...refused, name: 'CopyRefused' });
  await nobodyOpens(t, given.url);
  await copyOther('anew');
  await isTheSame(t, mixed);
});

t.test('what a newer version has begun is neither gone on with nor begun anew', async (t) => {
  const given = scene();
  await halted(t, given, 'committed', 4);
  await client.query(`UPDATE ${given.schema}.state SET schema = schema + 1`);
  const refused = { name: 'CopyRefused', message: /by another version of Latchkey|by a newer Latchkey/ };
  for (const begin of ['where-it-was', 'anew'] as const)
    await t.rejects(given.copy({ begin }), refused, begin);
  await nobodyOpens(t, given.url);
  await client.query(`UPDATE ${given.schema}.state SET schema = schema - 1`);
  await given.copy();
  await isTheSame(t, given);
});

t.test('of two at once the later one goes on, and the earlier one stops', async (t) => {
  const given = scene();
  const later = { ...given, file: scene().file };
  const options = { begin: 'where-it-was', onProgress: () => undefined, onNote: () => undefined } as const;
  let commits = 0;
  const earlier = given.copy({
    rowsMax: 2,
    onStep: async (step) => {
      if (step === 'committed') commits += 1;
      if (step === 'committed' && commits === 4) await copyStore(later.file, given.url, options);
    },
  });
  await t.rejects(earlier, { name: 'CopyRefused', message: /another 'latchkey migrate' has taken/ });
  t.equal(commits, 4);
  await isTheSame(t, later);
});

t.test('a database that keeps something else than it was given does not become a store', async (t) => {
  const given = scene();
  await halted(t, given, 'begun');
  await client.query(
    `CREATE FUNCTION ${given.schema}.lie() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN NEW.note := NEW.note || ' '; RETURN NEW; END $$;
     CREATE TRIGGER lie BEFORE INSERT ON ${given.schema}.api_keys FOR EACH ROW EXECUTE FUNCTION ${given.schema}.lie()`,
  );
  for (const _ of ['first', 'again']) {
    await t.rejects(given.copy(), { message: /table api_keys is not the same in PostgreSQL/ });
    await nobodyOpens(t, given.url);
  }
  await client.query(`DROP FUNCTION ${given.schema}.lie CASCADE`);
  await given.copy();
  await isTheSame(t, given);
});
