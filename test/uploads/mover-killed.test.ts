/**
 * kill -9 at every step of a move, by a process that really dies. At once after it, bytes are served under their own
 * grants or not at all; after the next start the move has happened whole or not at all, and a second start finds
 * nothing to do.
 */

import t, { type Test } from 'tap';
import { recoverMoves } from '../../src/uploads/move-recovery.js';
import type { MoveRequest, MoveStep } from '../../src/uploads/mover.js';
import { recover } from '../../src/uploads/recovery.js';
import { linkRecord } from '../storage/given-links.js';
import { draft, mayRead, namesIn, path, put, type Scene, scene, served } from './given.js';
import { killedAt } from './killed-at.js';
import type { Plan } from './killed-process.js';

const STEPS: readonly (readonly [MoveStep, 'old' | 'new'])[] = [
  ['move-prepared', 'old'],
  ['move-journaled', 'old'],
  ['move-renamed', 'new'],
  ['move-durable', 'new'],
  ['move-finished', 'new'],
];

interface Scenario {
  readonly name: string;
  readonly move: NonNullable<Plan['move']>;
  /** The files that there are, with their text and the grants on them. */
  readonly files: Readonly<Record<string, readonly [text: string, lines: readonly string[]]>>;
  readonly grants?: readonly string[];
  /** Who may read which text where, before and after: `bob` and `ann`. */
  readonly before: Readonly<Record<string, readonly [text: string | undefined, readers: string]>>;
  readonly after: Readonly<Record<string, readonly [text: string | undefined, readers: string]>>;
  readonly link: readonly [from: string, to: string];
}

const move = (from: string, to: string, more: Partial<MoveRequest> = {}): NonNullable<Plan['move']> => ({
  from: path(from),
  to: path(to),
  grants: 'keep',
  onConflict: 'refuse',
  ...more,
});

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a file with its grants, into a folder of others',
    move: move('/a', '/team/b'),
    files: { '/a': ['text', ['user:bob read', 'user:ann deny read']] },
    grants: ['user:ann read /team/'],
    before: { '/a': ['text', 'bob'], '/team/b': [undefined, 'ann'] },
    after: { '/a': [undefined, ''], '/team/b': ['text', 'bob'] },
    link: ['/a', '/team/b'],
  },
  {
    name: 'a file without its grants',
    move: move('/a', '/team/b', { grants: 'drop' }),
    files: { '/a': ['text', ['user:bob read']] },
    grants: ['user:ann read /team/'],
    before: { '/a': ['text', 'bob'], '/team/b': [undefined, 'ann'] },
    after: { '/a': [undefined, ''], '/team/b': ['text', 'ann'] },
    link: ['/a', '/team/b'],
  },
  {
    name: 'a file over another one of the same size and second',
    move: move('/a', '/b', { onConflict: 'replace' }),
    files: { '/a': ['new', ['user:bob read']], '/b': ['old', ['user:ann read']] },
    before: { '/a': ['new', 'bob'], '/b': ['old', 'ann'] },
    after: { '/a': [undefined, ''], '/b': ['new', 'bob'] },
    link: ['/a', '/b'],
  },
  {
    name: 'a folder',
    move: move('/a/', '/x/b/'),
    files: { '/a/one': ['one', ['user:bob read']], '/a/sub/two': ['two', []] },
    grants: ['user:ann read /a/sub/'],
    before: { '/a/one': ['one', 'bob'], '/a/sub/two': ['two', 'ann'], '/x/b/one': [undefined, ''] },
    after: { '/a/sub/two': [undefined, ''], '/x/b/one': ['one', 'bob'], '/x/b/sub/two': ['two', 'ann'] },
    link: ['/a/sub/', '/x/b/sub/'],
  },
];

for (const scenario of SCENARIOS) {
  for (const [step, leaves] of STEPS) {
    t.test(`${scenario.name}, killed at '${step}'`, async (t) => {
      const given = await scene(t);
      await given.store.quotas.setQuota({ subject: path('/'), bytesMax: 10_000, filesMax: 99 });
      for (const [on, [text, lines]] of Object.entries(scenario.files)) await put(given, on, text, lines);
      await given.store.acl.putGrants((scenario.grants ?? []).map(draft));
      await given.store.shareLinks.addLink(linkRecord('one', { path: path(scenario.link[0]) }));
      await killedAt({
        folder: given.folder,
        uploads: [],
        bodies: 'streamed',
        move: scenario.move,
        killAt: step,
        nth: 1,
      });
      for (const on of new Set([...Object.keys(scenario.before), ...Object.keys(scenario.after)])) {
        await isConsistent(t, given, scenario, on);
      }
      const recovered = await recoverMoves(given.store.moves, given.root);
      t.strictSame(recovered.stuck, []);
      t.strictSame(await given.store.quotas.recount(), [], 'what is counted is what is there');
      const used = (await given.store.files.records({ folder: path('/'), max: 99 })).length;
      t.equal((await given.store.quotas.used(path('/'))).files, used, 'nothing is reserved');
      await recover(given.store.files, given.root);
      for (const [on, [text, readers]] of Object.entries(
        leaves === 'old' ? scenario.before : scenario.after,
      )) {
        t.equal(served(given.folder, on), text, `${on} has the ${leaves} bytes`);
        t.equal(await readersOf(given, on), readers, `${on} has the ${leaves} readers`);
        const record = await given.store.files.file(path(on));
        t.equal(record?.bytes, text?.length, `${on} has the ${leaves} record`);
      }
      const [from, to] = scenario.link;
      t.equal(
        (await given.store.shareLinks.link('one'))?.path,
        leaves === 'old' ? from : to,
        'and so has the link',
      );
      const names = namesIn(given.folder);
      t.strictSame(
        [await recoverMoves(given.store.moves, given.root), namesIn(given.folder)],
        [{ moved: 0, unmoved: 0, stuck: [] }, names],
        'and a second start finds nothing to do',
      );
    });
  }
}

/** Bytes are readable by the readers of their own version at most; where it is not known, by nobody. */
async function isConsistent(t: Test, given: Scene, scenario: Scenario, on: string): Promise<void> {
  const text = served(given.folder, on);
  if (text === undefined) return;
  const theirs = [scenario.before[on], scenario.after[on]].find((version) => version?.[0] === text);
  const now = await readersOf(given, on);
  t.ok(now === '503' || now === theirs?.[1], `${on}: '${text}' for '${now}'`);
}

async function readersOf({ authorizer }: Scene, on: string): Promise<string> {
  const readers: string[] = [];
  for (const name of ['bob', 'ann']) {
    const may = await mayRead(authorizer, `user:${name}`, on);
    if (may === 'not-known') return '503';
    if (may === true) readers.push(name);
  }
  return readers.join();
}
