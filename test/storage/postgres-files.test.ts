/**
 * Several who write files of one PostgreSQL store at once, each by connections of its own, as services on several
 * machines are: whoever is refused is refused by what another one wrote, and what is counted is what is there.
 */

import t, { type Test } from 'tap';
import { NotKnown, RequestClosed } from '../../src/acl/errors.js';
import type { CommitEntry, Store } from '../../src/acl/ports.js';
import { QuotaExceeded } from '../../src/acl/quota.js';
import type { MoveEntry } from '../../src/acl/tree-ports.js';
import type { WriterLimits } from '../../src/storage/postgres/connection-limits.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { postgres } from '../postgres.js';
import { move } from './contract-moves.js';
import { entry, load, loadedOn, path, principal } from './given.js';
import { linkRecord } from './given-links.js';

const OWNER = principal('user:owner');
const BYTES = 10;
const ROUNDS = 6;
/** On a machine that is busy with other tests, too. */
const PATIENT: WriterLimits = { patienceMs: 90_000, stalledMs: 60_000 };

type Outcomes = readonly PromiseSettledResult<unknown>[];
type Writers = readonly [Store, Store];

const server = await postgres(t);
let schemas = 0;

async function writersOf(t: Test): Promise<Writers> {
  schemas += 1;
  const url = server.url({ schema: `files_${schemas}` });
  const open = async () => {
    const store = await openPostgresStore(url, PATIENT);
    t.teardown(() => store.close());
    return store;
  };
  return [await open(), await open()];
}

/** Asks for all at once, of the two in turns. */
function racing(writers: Writers, count: number, ask: (store: Store, i: number) => Promise<unknown>) {
  const asked = Array.from({ length: count }, (_, i) => ask(writers[i % 2 === 0 ? 0 : 1], i));
  return Promise.allSettled(asked);
}

/** How many were carried out; all others have to have been refused so. */
function carriedOut(t: Test, outcomes: Outcomes, refusal: new (...all: never[]) => Error): number {
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.type(outcome.reason, refusal, String(outcome.reason));
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

/** Nothing is left in the journal, nothing is reserved, and the counters are a recount. */
async function isSettled(t: Test, store: Store): Promise<void> {
  t.strictSame(await store.files.pending(), { commits: [], removals: [] });
  t.strictSame(await store.moves.moves(), []);
  const records = await store.files.records({ folder: path('/'), max: 1_000 });
  const bytes = records.reduce((sum, one) => sum + one.bytes, 0);
  t.strictSame(await store.quotas.used(OWNER), { bytes, files: records.length });
  t.strictSame(await store.quotas.recount(), []);
}

async function committed(store: Store, one: CommitEntry): Promise<void> {
  await store.files.beginCommit([one]);
  await store.files.finishCommit([one]);
}

t.test('a store that was closed may be closed again, and says that it cannot be asked', async (t) => {
  const [store] = await writersOf(t);
  await store.close();
  await store.close();
  await t.rejects(store.files.pending(), { name: 'NotKnown', code: 'store-unavailable' });
  await t.rejects(store.files.finishCommit([entry('p', '/a', 'at-once')]), { name: 'NotKnown' });
});

t.test('of fifty commits for the last seven places, seven come in', async (t) => {
  const writers = await writersOf(t);
  await writers[0].quotas.setQuota({ subject: path('/team/'), bytesMax: 7 * BYTES, filesMax: undefined });
  const outcomes = await racing(writers, 50, (store, i) =>
    committed(store, entry(`p${i}`, `/team/${i}`, i % 3 === 0 ? 'hidden' : 'at-once')),
  );
  t.equal(carriedOut(t, outcomes, QuotaExceeded), 7);
  t.strictSame(await writers[1].quotas.used(path('/team/')), { bytes: 7 * BYTES, files: 7 });
  await isSettled(t, writers[0]);
});

t.test(
  'of twenty files for a request of five, five come in, and one that is given up makes room',
  async (t) => {
    const writers = await writersOf(t);
    const folder = path('/in/');
    await writers[0].shareLinks.addLink(linkRecord('req', { kind: 'upload', path: folder }));
    const wanted = (i: number): CommitEntry => ({
      ...entry(`p${i}`, `/in/${i}`, 'at-once'),
      requested: { linkId: 'req', filesMax: 5, folder },
    });
    const outcomes = await racing(writers, 20, (store, i) => store.files.beginCommit([wanted(i)]));
    t.equal(carriedOut(t, outcomes, RequestClosed), 5);
    t.equal(await writers[1].linkCounts.uploads('req'), 5);
    const { commits } = await writers[1].files.pending();
    await racing(writers, commits.length, (store, i) => store.files.abandonCommit(commits.slice(i, i + 1)));
    t.equal(await writers[0].linkCounts.uploads('req'), 0);
    await writers[0].files.beginCommit([wanted(99)]);
    await writers[1].files.finishCommit([wanted(99)]);
    t.equal(await writers[1].linkCounts.uploads('req'), 1);
    await isSettled(t, writers[0]);
  },
);

t.test('a move and a commit below it: one of the two begins', async (t) => {
  const writers = await writersOf(t);
  await writers[0].quotas.setQuota({ subject: path('/b/'), bytesMax: 1_000, filesMax: undefined });
  await committed(writers[0], entry('first', '/a/first', 'at-once'));
  for (let round = 0; round < ROUNDS; round += 1) {
    const [from, to] = round % 2 === 0 ? ['/a/', '/b/'] : ['/b/', '/a/'];
    const moving: MoveEntry = move(from, to, { name: `m${round}` });
    const upload = entry(`p${round}`, `${round % 3 === 0 ? to : from}${round}`, 'hidden');
    const [begun, journaled] = await Promise.allSettled([
      writers[0].moves.beginMove(moving),
      writers[1].files.beginCommit([upload]),
    ]);
    t.equal(carriedOut(t, [begun, journaled], NotKnown), 1);
    const { paths } = await load(writers[0], { paths: [path(from), upload.file.path] });
    t.equal(paths.filter(({ committing }) => committing).length, 1, 'what it is about is hidden');
    // Whoever has begun is finished by the other one, as after a crash.
    if (begun.status === 'fulfilled') await writers[1].moves.finishMove(moving);
    else {
      await writers[0].files.finishCommit([upload]);
      await writers[0].moves.beginMove(moving);
      await writers[1].moves.finishMove(moving);
    }
    t.strictSame(await writers[0].files.records({ folder: path(from), max: 100 }), []);
    await isSettled(t, writers[0]);
  }
});

t.test('two moves onto one path: one of the two begins', async (t) => {
  const writers = await writersOf(t);
  const outcomes = await racing(writers, 10, (store, i) =>
    store.moves.beginMove(move(`/from${i}/`, '/to/', { name: `m${i}` })),
  );
  t.equal(carriedOut(t, outcomes, NotKnown), 1);
});

t.test('a removal and a commit of one path: the later one has it', async (t) => {
  const [one, other] = await writersOf(t);
  const on = path('/team/a');
  for (let round = 0; round < ROUNDS; round += 1) {
    const upload = entry(`p${round}`, on, 'at-once', ['user:bob read /team/a']);
    const removal = { partial: `r${round}`, path: on };
    const [removed, begun] = await Promise.all([
      one.files.beginRemoval(removal),
      other.files.beginCommit([upload]),
    ]);
    const isThere = begun.revision > removed.revision;
    t.equal((await one.files.file(on)) !== undefined, isThere);
    t.equal((await loadedOn(one, on)).length, isThere ? 1 : 0);
    const { removals } = await other.files.pending();
    t.strictSame(removals, isThere ? [] : [removal], 'a removal that came before must not take the new file');
    await one.files.finishCommit([upload]);
    for (const left of removals) await other.files.finishRemoval(left);
    await isSettled(t, one);
  }
});

t.test(
  'commits, removals and moves by two at once: counters are a recount, and revisions have no gap',
  async (t) => {
    const writers = await writersOf(t);
    for (const subject of [path('/'), path('/a/'), path('/b/')]) {
      await writers[0].quotas.setQuota({ subject, bytesMax: 12 * BYTES, filesMax: undefined });
    }
    const before = await writers[0].acl.revision();
    const revisions: number[] = [];
    const carryOut = async (store: Store, i: number) => {
      const note = ({ revision }: { readonly revision: number }) => revisions.push(revision);
      const on = `/${i % 2 === 0 ? 'a' : 'b'}/${i % 7}`;
      if (i % 5 === 4) {
        const removal = { partial: `r${i}`, path: path(on) };
        note(await store.files.beginRemoval(removal));
        return store.files.finishRemoval(removal);
      }
      if (i % 11 === 10) {
        const moving = move('/a/', '/c/', { name: `m${i}` });
        note(await store.moves.beginMove(moving));
        note(await store.moves.finishMove(moving));
        return;
      }
      const upload = entry(`p${i}`, on, i % 3 === 0 ? 'hidden' : 'at-once');
      note(await store.files.beginCommit([upload]));
      const finished = await store.files[i % 4 === 0 ? 'abandonCommit' : 'finishCommit']([upload]);
      if (i % 4 === 0 || i % 3 === 0) note(finished);
    };
    const outcomes = await racing(writers, 60, carryOut);
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    for (const reason of refused)
      t.ok(reason instanceof QuotaExceeded || reason instanceof NotKnown, `${reason}`);
    revisions.sort((a, b) => a - b);
    t.strictSame(
      revisions,
      Array.from({ length: revisions.length }, (_, i) => before + 1 + i),
    );
    t.strictSame(await writers[1].quotas.recount(), []);
    t.strictSame(await writers[1].files.pending(), { commits: [], removals: [] });
  },
);

t.test('what may change very many rows has longer for one statement than other writes', async (t) => {
  const [store] = await writersOf(t);
  const client = await server.client();
  await client.query(`
    SET search_path = files_${schemas};
    CREATE TABLE limits (event text, ms integer);
    CREATE FUNCTION note_limit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO limits SELECT TG_OP, setting::integer FROM pg_settings WHERE name = 'statement_timeout';
      RETURN NULL;
    END $$;
    CREATE TRIGGER note_limit AFTER INSERT OR UPDATE OR DELETE ON files FOR EACH ROW EXECUTE FUNCTION note_limit()`);
  await committed(store, entry('p', '/a/x', 'at-once'));
  await store.moves.beginMove(move('/a/', '/b/'));
  await store.moves.finishMove(move('/a/', '/b/'));
  await store.tree.forgetFolder(path('/b/'));
  const { rows } = await client.query<{ event: string; ms: number }>('SELECT event, ms FROM limits');
  const limits = new Map(rows.map(({ event, ms }) => [event, ms]));
  const [commit = 0, moved = 0, forgotten = 0] = ['INSERT', 'UPDATE', 'DELETE'].map((op) => limits.get(op));
  t.ok(commit > 0 && commit < moved && commit < forgotten, `${commit} < ${moved}, ${forgotten} ms`);
});
