/**
 * The cache before a store that answers later: in every order of two readers, two writes and the deliveries of
 * their loads, a read never tells of a state from before it began, and nothing revoked stays in the cache.
 */

import t, { type Test } from 'tap';
import { ACTIONS } from '../../src/acl/action.js';
import type { ResourcePath } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { batchesOf, draft, path, plainFacts, principal } from './given.js';
import { playAll, settled } from './interleavings.js';
import { type Play, ReaderScene, stateOf, type Write } from './reader-scene.js';
import { RemoteSource } from './remote-source.js';

const FILE = path('/team/plan.pdf');
/** Shares FILE's folders in the cache. */
const SIBLING = path('/team/other.pdf');
const BOB = principal('user:bob');
const ENG = principal('group:eng');

const grant: Write = ({ acl }) => acl.putGrants([draft('user:bob read /team/')]);
const revoke: Write = ({ acl }) => acl.removeGrants({ ...draft('user:bob read /team/'), actions: ACTIONS });
const grantFile: Write = ({ acl }) => acl.putGrants([draft('user:bob read /team/plan.pdf')]);
const revokeFile: Write = ({ acl }) =>
  acl.removeGrants({ ...draft('user:bob read /team/plan.pdf'), actions: ACTIONS });
const join: Write = ({ acl }) => acl.addMember(ENG, BOB);
const leave: Write = ({ acl }) => acl.removeMember(ENG, BOB);
const suspend: Write = ({ acl }) => acl.suspend(BOB);
const importDeny: Write = ({ acl }) =>
  acl.importGrants(batchesOf([draft('user:bob deny read /team/plan.pdf')]));

const PLAYS: readonly (readonly [string, readonly Write[], readonly [Write, Write]])[] = [
  ['a grant, then its revoke', [], [grant, revoke]],
  ['a revoke, then the grant again', [grant], [revoke, grant]],
  ['a revoke on the file, then on its folder', [grant, grantFile], [revokeFile, revoke]],
  ['a grant on the file, then a revoke on its folder', [grant], [grantFile, revoke]],
  ['a group left, then joined again', [join], [leave, join]],
  ['a revoke, then a suspension', [grant], [revoke, suspend]],
  ['a revoke, then an import', [grant], [revoke, importDeny]],
];

/** Orders of two writes and two beginnings, even where no read has to load: 4! / 2!. */
const ORDERS_MIN = 12;

async function playedWithoutComplaint(t: Test, play: Play, says: string): Promise<void> {
  const complaints: string[] = [];
  const orders = await playAll(() => ReaderScene.open(play, complaints));
  t.strictSame(complaints, [], `${says}: ${orders} orders`);
  t.ok(orders >= ORDERS_MIN, `${says}: no order is left out`);
}

for (const [says, given, writes] of PLAYS) {
  t.test(`no read tells of a state from before it began: ${says}`, async (t) => {
    for (const taken of ['at the start', 'on the way'] as const) {
      for (const warm of [false, true]) {
        for (const asked of [
          [[FILE], [FILE]],
          [[FILE], [SIBLING]],
        ]) {
          const play: Play = { user: BOB, given, writes, taken, warm, asked };
          const label = `snapshot ${taken}, ${warm ? 'warm' : 'cold'}, ${asked.join(' and ')}`;
          await playedWithoutComplaint(t, play, label);
        }
      }
    }
  });
}

t.test('no read tells of a state from before it began when readers come back', async (t) => {
  const asked = [
    [FILE, SIBLING],
    [SIBLING, FILE],
  ];
  for (const [says, given, writes] of PLAYS.slice(1, 3)) {
    const play: Play = { user: BOB, given, writes, taken: 'at the start', warm: false, asked };
    await playedWithoutComplaint(t, play, says);
  }
});

t.test('every order of independent steps is played, and none twice', async (t) => {
  const orders: string[] = [];
  const played = await playAll(async () => {
    let order = '';
    const left = new Map([...'abc'].map((who) => [who, 2]));
    const step = (who: string, times: number) => () => {
      order += who;
      left.set(who, times - 1);
    };
    return {
      possible: () => [...left].filter(([, times]) => times > 0).map(([who, times]) => step(who, times)),
      finish: async () => void orders.push(order),
    };
  });
  t.equal(played, 90, '6! / (2! 2! 2!)');
  t.equal(new Set(orders).size, 90);
});

// ── a read that loses again and again ───────────────────────────────────────────────────────────────────────

const ELSEWHERE = path('/elsewhere');

/** A read of FILE on its way, overtaken `times` times by a write and by a quicker read of `quicker`. */
async function overtaken(times: number, quicker: ResourcePath) {
  const store = openMemoryStore();
  await grant(store);
  const source = new RemoteSource(store.facts, 'at the start');
  const reader = new CachedReader(source, { bytesMax: 1024 * 1024 });
  const outcome = Promise.resolve(reader.read(FILE, BOB)).then(plainFacts, (error: unknown) => error);
  for (let i = 0; i < times; i++) {
    await (i % 2 === 0 ? revoke : grant)(store);
    const quick = reader.read(quicker, BOB);
    // The quick load is answered first; the slow one was asked first, and is answered as it stood then.
    for (const step of source.steps().reverse()) step();
    await quick;
    await settled();
  }
  return { store, source, outcome };
}

t.test(
  'a read that was overtaken 7 times asks an 8th time and answers with what is there then',
  async (t) => {
    const { store, source, outcome } = await overtaken(7, ELSEWHERE);
    for (const step of source.steps()) step();
    t.strictSame(await outcome, await stateOf(store, FILE, BOB));
  },
);

t.test('a read that was overtaken 8 times says that it does not know', async (t) => {
  const { source, outcome } = await overtaken(8, ELSEWHERE);
  t.strictSame(source.steps(), [], 'it asks no more');
  t.match(await outcome, { name: 'NotKnown', code: 'store-unavailable', message: /8 times/ });
});

t.test('a read that was overtaken by one of the same path answers with what that one brought', async (t) => {
  const { store, source, outcome } = await overtaken(1, FILE);
  t.strictSame(source.steps(), [], 'it asks no more');
  t.strictSame(await outcome, await stateOf(store, FILE, BOB));
});
