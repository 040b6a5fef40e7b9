/**
 * What is true of a commit or a removal whose process was killed at one of its steps (DESIGN §8), over whichever store.
 * At once after it, whatever would be served is served under its own grants or not at all; after the next start there is
 * the old file or the new one, wholly, and nothing is left over.
 */

import type { Test } from 'tap';
import { recover } from '../../src/uploads/recovery.js';
import { draft, mayRead, OWNER, partialsIn, path, put, type Scene, served } from './given.js';
import { killedAt } from './killed-at.js';
import type { Plan } from './killed-process.js';

/** What stands at a path: the bytes, and who of the two visitors may read them. */
interface Version {
  readonly text: string | undefined;
  readonly bob: boolean;
  readonly ann: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly before: Readonly<Record<string, readonly [text: string, lines: readonly string[]]>>;
  readonly uploads?: Readonly<Record<string, readonly [text: string, lines: readonly string[]]>>;
  readonly remove?: string;
  /** Its bodies as files that nginx has written, too: only taking them over is another step. */
  readonly written?: true;
  readonly kills: readonly (readonly [step: Plan['killAt'], nth: number, leaves: 'old' | 'new'])[];
  readonly versions: Readonly<Record<string, readonly [old: Version, next: Version]>>;
}

const NONE: Version = { text: undefined, bob: false, ann: false };
const commitOf = (files: number): Scenario['kills'] => [
  ['receiving', 1, 'old'],
  ...(files > 1 ? ([['receiving', files, 'old']] as const) : []),
  ['prepared', 1, 'old'],
  ['journaled', 1, 'new'],
  ...Array.from({ length: files }, (_, i) => ['renamed', i + 1, 'new'] as const),
  ['finished', 1, 'new'],
];

/** The old and the new text have the same length: only what is in them tells them apart. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a new file',
    written: true,
    before: {},
    uploads: { '/team/a': ['new', []] },
    kills: commitOf(1),
    versions: { '/team/a': [NONE, { text: 'new', bob: false, ann: false }] },
  },
  {
    name: 'a new file with grants',
    before: {},
    uploads: { '/team/a': ['new', ['user:ann read']] },
    kills: commitOf(1),
    versions: { '/team/a': [NONE, { text: 'new', bob: false, ann: true }] },
  },
  {
    name: 'a replacement that keeps the grants',
    before: { '/team/a': ['old', ['user:bob read']] },
    uploads: { '/team/a': ['new', []] },
    kills: commitOf(1),
    versions: {
      '/team/a': [
        { text: 'old', bob: true, ann: false },
        { text: 'new', bob: true, ann: false },
      ],
    },
  },
  {
    name: 'a replacement that brings other grants',
    written: true,
    before: { '/team/a': ['old', ['user:bob read']] },
    uploads: { '/team/a': ['new', ['user:bob deny read', 'user:ann read']] },
    kills: commitOf(1),
    versions: {
      '/team/a': [
        { text: 'old', bob: true, ann: false },
        { text: 'new', bob: false, ann: true },
      ],
    },
  },
  {
    name: 'a form of a new file and two replacements',
    before: { '/team/b': ['old', ['user:bob read']], '/team/c': ['old', ['user:ann read']] },
    uploads: {
      '/team/a': ['new', ['user:ann read']],
      '/team/b': ['new', ['user:bob deny read', 'user:ann read']],
      '/team/c': ['new', []],
    },
    kills: commitOf(3),
    versions: {
      '/team/a': [NONE, { text: 'new', bob: false, ann: true }],
      '/team/b': [
        { text: 'old', bob: true, ann: false },
        { text: 'new', bob: false, ann: true },
      ],
      '/team/c': [
        { text: 'old', bob: false, ann: true },
        { text: 'new', bob: false, ann: true },
      ],
    },
  },
  {
    name: 'a removal',
    before: { '/team/a': ['old', ['user:bob read']] },
    remove: '/team/a',
    kills: [
      ['removal-journaled', 1, 'new'],
      ['removed', 1, 'new'],
      ['removal-finished', 1, 'new'],
    ],
    versions: { '/team/a': [{ text: 'old', bob: true, ann: false }, NONE] },
  },
];

export interface KilledAt {
  readonly kill: Scenario['kills'][number];
  readonly bodies: Plan['bodies'];
}

export function* killsOf({ kills, written }: Scenario): Generator<KilledAt> {
  for (const kill of kills) yield { kill, bodies: 'streamed' };
  if (written === undefined) return;
  for (const kill of [...kills, ['taken', 1, 'old'] as const]) yield { kill, bodies: 'written' };
}

/** Kills it in a process of its own, over the store of `given`. */
export async function endsWhole(
  t: Test,
  given: Scene,
  scenario: Scenario,
  { kill, bodies }: KilledAt,
): Promise<void> {
  const [step, nth, leaves] = kill;
  for (const [on, [text, lines]] of Object.entries(scenario.before)) await put(given, on, text, lines);
  const records = await recordsOf(given, scenario);
  await killedBy(given, scenario, { bodies, killAt: step, nth });
  for (const [on, [old, next]] of Object.entries(scenario.versions)) {
    consistent(t, on, await versionAt(given, on), [old, next]);
  }
  await recover(given.store.files, given.root);
  for (const [on, [old, next]] of Object.entries(scenario.versions)) {
    t.strictSame(
      await versionAt(given, on),
      leaves === 'old' ? old : next,
      `${on} is the ${leaves} one, whole`,
    );
  }
  if (leaves === 'old') t.strictSame(await recordsOf(given, scenario), records, 'as are the records');
  else t.strictSame(await bytesRecorded(given, scenario), await bytesServed(given, scenario));
  t.strictSame(partialsIn(given.folder), [], 'no partial is left');
  t.strictSame(await given.store.quotas.recount(), [], 'what is counted is what is there');
  t.strictSame(await given.store.quotas.used(OWNER), await ownedBy(given, scenario), 'nothing is reserved');
  t.match(
    await recover(given.store.files, given.root),
    { finished: 0, abandoned: 0, removals: 0, dropped: 0, stuck: [] },
    'and a second start finds nothing to do',
  );
}

/** Bytes of one version are readable by that version's readers at most; where it is not known, by nobody. */
function consistent(
  t: Test,
  on: string,
  now: { readonly text: string | undefined; readonly bob: unknown; readonly ann: unknown },
  versions: readonly Version[],
): void {
  const theirs = versions.find((version) => version.text === now.text);
  if (theirs === undefined) {
    t.fail(`${on} is neither version but ${JSON.stringify(now.text)}`);
    return;
  }
  if (now.text === undefined) return;
  for (const name of ['bob', 'ann'] as const) {
    if (now[name] === true) t.equal(theirs[name], true, `${name} may have the ${theirs.text} ${on}`);
  }
  t.pass(`${on}: the ${now.text} bytes under their own grants (${now.bob}, ${now.ann})`);
}

async function versionAt({ folder, authorizer }: Scene, on: string) {
  return {
    text: served(folder, on),
    bob: await mayRead(authorizer, 'user:bob', on),
    ann: await mayRead(authorizer, 'user:ann', on),
  };
}

const pathsOf = ({ versions }: Scenario) => Object.keys(versions);

async function ownedBy(given: Scene, scenario: Scenario) {
  const owned = (await recordsOf(given, scenario)).filter((record) => record?.owner === OWNER);
  return { bytes: owned.reduce((sum, record) => sum + (record?.bytes ?? 0), 0), files: owned.length };
}

async function recordsOf({ store }: Scene, scenario: Scenario) {
  return Promise.all(pathsOf(scenario).map((on) => store.files.file(path(on))));
}

async function bytesRecorded(given: Scene, scenario: Scenario) {
  return (await recordsOf(given, scenario)).map((record) => record?.bytes);
}

async function bytesServed({ folder }: Scene, scenario: Scenario) {
  return pathsOf(scenario).map((on) => served(folder, on)?.length);
}

async function killedBy(
  { folder, databaseUrl }: Scene,
  scenario: Scenario,
  kill: Pick<Plan, 'bodies' | 'killAt' | 'nth'>,
) {
  const uploads = Object.entries(scenario.uploads ?? {}).map(([on, [text, lines]]) => ({
    path: on,
    text,
    grants: lines.map((line) => ({ ...draft(`${line} /`), path: path(on) })),
  }));
  await killedAt({
    folder,
    uploads,
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(scenario.remove !== undefined && { remove: scenario.remove }),
    ...kill,
  });
}
