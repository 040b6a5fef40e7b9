/**
 * Who may move, copy or remove what: a question about a folder is asked about every path in it that has grants of its
 * own, since that is where its answer may be another one (DESIGN §5). All of it is decided by the gate.
 */

import type { Action } from '../acl/action.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { MoveEntry, TreeStore } from '../acl/tree-ports.js';
import type { Gate, Visitor } from './gate.js';

/** Paths that are asked about before others have their turn. */
const ASKED_AT_ONCE = 200;

export interface TreeGate {
  readonly gate: Gate;
  readonly tree: TreeStore;
}

/** @throws Refused, NotKnown */
export async function requireTree(
  { gate, tree }: TreeGate,
  who: Visitor,
  action: Action,
  range: ResourcePath,
): Promise<void> {
  await gate.require(who, action, range);
  let after: ResourcePath | undefined;
  do {
    const paths: readonly ResourcePath[] = await tree.grantedPaths(range, ASKED_AT_ONCE, after);
    for (const path of paths) await gate.require(who, action, path);
    after = paths.length < ASKED_AT_ONCE ? undefined : paths.at(-1);
    if (after !== undefined) await new Promise((resolve) => setImmediate(resolve));
  } while (after !== undefined);
}

export interface Relocation {
  readonly from: ResourcePath;
  readonly to: ResourcePath;
  readonly grants: MoveEntry['grants'];
}

/** `manage` on what moves, since its grants do; and on the target as for an upload. @throws Refused, NotKnown */
export async function requireMove(deps: TreeGate, who: Visitor, relocation: Relocation): Promise<void> {
  await requireTree(deps, who, 'manage', relocation.from);
  await requireTarget(deps, who, relocation);
}

/** @throws Refused, NotKnown */
export async function requireCopy(deps: TreeGate, who: Visitor, relocation: Relocation): Promise<void> {
  const { from, grants } = relocation;
  // Of a file that has expired nobody gets the bytes, whoever manages it.
  await deps.gate.require(who, 'read', from);
  if (grants === 'keep') await deps.gate.require(who, 'manage', from);
  await requireTarget(deps, who, relocation);
}

/** As an upload there: `write`, and `manage` where it brings grants. */
async function requireTarget(deps: TreeGate, who: Visitor, { from, to, grants }: Relocation): Promise<void> {
  const brings = grants === 'keep' && (await deps.tree.grantedPaths(from, 1)).length > 0;
  await requireTree(deps, who, brings ? 'manage' : 'write', to);
}
