/**
 * Random writes to a store, as plain values that can be told to several stores and shrunk, over names few
 * enough that they meet often.
 */

import fc from 'fast-check';
import { ACTIONS } from '../../src/acl/action.js';
import { NotKnown } from '../../src/acl/errors.js';
import { EFFECTS, type GrantDraft } from '../../src/acl/grant.js';
import type { CommitEntry, GrantSelection, Store } from '../../src/acl/ports.js';
import type { Principal } from '../../src/acl/principal.js';
import type { MoveEntry } from '../../src/acl/tree-ports.js';
import { batchesOf, path, principal } from './given.js';

export const PATHS = ['/a/x', '/a/X', '/a/', '/', '/b', '/c/x', '/c/'];
export const USERS = ['user:u', 'user:U'].map(principal);
const GROUPS = ['group:g', 'group:h'].map(principal);
const PRINCIPALS = [...USERS, ...GROUPS, ...['authenticated', 'anyone'].map(principal)];
const INSTANTS = [undefined, 1_000, 1_001];

export type Write =
  | { readonly kind: 'put' | 'import' | 'failing-import'; readonly drafts: readonly GrantDraft[] }
  | { readonly kind: 'remove'; readonly selection: GrantSelection }
  | { readonly kind: 'join' | 'leave'; readonly group: Principal; readonly user: Principal }
  | { readonly kind: 'suspend' | 'resume'; readonly user: Principal }
  | { readonly kind: 'begin'; readonly entries: readonly Omit<CommitEntry, 'partial'>[] }
  | { readonly kind: 'finish' | 'abandon'; readonly nth: number }
  | { readonly kind: 'begin-removal'; readonly on: string }
  | { readonly kind: 'finish-removal'; readonly nth: number }
  | { readonly kind: 'begin-move'; readonly move: Omit<MoveEntry, 'name'> }
  | { readonly kind: 'finish-move' | 'abandon-move'; readonly nth: number }
  | { readonly kind: 'forget'; readonly folder: string };

const MOVES = [
  ['/a/x', '/b'],
  ['/b', '/c/x'],
  ['/c/x', '/a/X'],
  ['/a/', '/c/'],
  ['/c/', '/a/'],
] as const;

const anyPath = fc.constantFrom(...PATHS);
const anyFile = fc.constantFrom(...PATHS.filter((one) => !one.endsWith('/')));
const anyUser = fc.constantFrom(...USERS);
const nth = fc.nat(3);

const anyDraft: fc.Arbitrary<GrantDraft> = fc.record({
  principal: fc.constantFrom(...PRINCIPALS),
  path: anyPath.map(path),
  action: fc.constantFrom(...ACTIONS),
  effect: fc.constantFrom(...EFFECTS),
  notBefore: fc.constantFrom(...INSTANTS),
  expiresAt: fc.constantFrom(...INSTANTS),
});

const anyDrafts = fc.array(anyDraft, { maxLength: 4 });

const anySelection: fc.Arbitrary<GrantSelection> = fc.record({
  principal: fc.constantFrom(...PRINCIPALS),
  path: anyPath.map(path),
  actions: fc.shuffledSubarray([...ACTIONS]),
  effect: fc.constantFrom(...EFFECTS),
});

/** A commit of one file with grants on that file, as uploads make them. */
const anyEntry: fc.Arbitrary<Omit<CommitEntry, 'partial'>> = fc
  .record({
    on: anyFile.map(path),
    owner: fc.constantFrom(undefined, ...USERS),
    bytes: fc.nat(),
    drafts: anyDrafts,
    before: fc.option(fc.nat(), { nil: undefined }),
    visibility: fc.constantFrom('at-once' as const, 'hidden' as const),
  })
  .map(({ on, owner, bytes, drafts, before, visibility }) => ({
    file: { path: on, owner, bytes, updatedAt: bytes + 1 },
    grants: drafts.map((one) => ({ ...one, path: on })),
    replaces: before === undefined ? undefined : { path: on, owner, bytes: before, updatedAt: before },
    visibility,
  }));

const anyMove: fc.Arbitrary<Omit<MoveEntry, 'name'>> = fc
  .record({
    paths: fc.constantFrom(...MOVES),
    grants: fc.constantFrom('keep' as const, 'keep' as const, 'drop' as const),
    bytes: fc.nat(),
  })
  .map(({ paths: [from, to], grants, bytes }) => ({
    from: path(from),
    to: path(to),
    grants,
    file: from.endsWith('/') ? undefined : { bytes, modifiedSeconds: bytes },
  }));

export const anyWrite: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), drafts: anyDrafts }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), selection: anySelection }) },
  fc.record({ kind: fc.constantFrom('import' as const, 'failing-import' as const), drafts: anyDrafts }),
  fc.record({
    kind: fc.constantFrom('join' as const, 'leave' as const),
    group: fc.constantFrom(...GROUPS),
    user: anyUser,
  }),
  fc.record({ kind: fc.constantFrom('suspend' as const, 'resume' as const), user: anyUser }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('begin' as const),
      entries: fc.array(anyEntry, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('finish' as const, 'abandon' as const), nth }) },
  fc.record({ kind: fc.constant('begin-removal' as const), on: anyFile }),
  fc.record({ kind: fc.constant('finish-removal' as const), nth }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin-move' as const), move: anyMove }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('finish-move' as const, 'abandon-move' as const), nth }),
  },
  fc.record({ kind: fc.constant('forget' as const), folder: fc.constantFrom('/a/', '/c/', '/') }),
);

/**
 * Writes and answers with what the store answered.
 *
 * @param number no other write to this store has it: it names the partials
 */
export async function perform(
  { acl, files, moves, tree }: Store,
  write: Write,
  number: number,
): Promise<unknown> {
  switch (write.kind) {
    case 'put':
      return acl.putGrants(write.drafts);
    case 'import':
      return acl.importGrants(batchesOf(write.drafts.slice(0, 2), write.drafts.slice(2)));
    case 'failing-import':
      return acl.importGrants(failing(write.drafts)).catch((error: unknown) => error);
    case 'remove':
      return acl.removeGrants(write.selection);
    case 'join':
      return acl.addMember(write.group, write.user);
    case 'leave':
      return acl.removeMember(write.group, write.user);
    case 'suspend':
      return acl.suspend(write.user);
    case 'resume':
      return acl.resume(write.user);
    case 'begin':
      return files
        .beginCommit(write.entries.map((one, i) => ({ ...one, partial: `${number}-${i}` })))
        .catch(refusal);
    case 'finish':
      return files.finishCommit(chosen((await files.pending()).commits, write.nth));
    case 'abandon':
      return files.abandonCommit(chosen((await files.pending()).commits, write.nth));
    case 'begin-removal':
      return files.beginRemoval({ partial: `${number}`, path: path(write.on) }).catch(refusal);
    case 'finish-removal':
      for (const one of chosen((await files.pending()).removals, write.nth)) await files.finishRemoval(one);
      return undefined;
    case 'begin-move':
      return moves.beginMove({ ...write.move, name: `${number}` }).catch(refusal);
    case 'finish-move':
      return Promise.all(chosenMove(await moves.moves(), write.nth).map((one) => moves.finishMove(one)));
    case 'abandon-move':
      return Promise.all(chosenMove(await moves.moves(), write.nth).map((one) => moves.abandonMove(one)));
    case 'forget':
      return tree.forgetFolder(path(write.folder)).catch(refusal);
  }
}

/** Which of several paths is named is the store's own affair. */
function refusal(error: unknown): string {
  if (error instanceof NotKnown) return error.code;
  throw error;
}

function chosenMove(moves: readonly MoveEntry[], nth: number): readonly MoveEntry[] {
  return chosen(
    moves.map((move) => ({ partial: move.name, move })),
    nth,
  ).map(({ move }) => move);
}

/** One of those that are pending, the same in every store; none where none is. */
function chosen<T extends { readonly partial: string }>(pending: readonly T[], nth: number): T[] {
  const sorted = [...pending].sort((a, b) => (a.partial < b.partial ? -1 : 1));
  const one = sorted[nth % Math.max(1, sorted.length)];
  return one === undefined ? [] : [one];
}

async function* failing(drafts: readonly GrantDraft[]): AsyncGenerator<readonly GrantDraft[]> {
  yield drafts;
  throw new Error('the input is broken');
}
