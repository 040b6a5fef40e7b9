/**
 * The trash, below /_latchkey/api/v1/trash. An entry is for whoever may manage its path, or removed it and may write
 * there still; to everybody else it is as if there were none.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { NotKnown } from '../acl/errors.js';
import type { TrashedFile, TrashStore } from '../acl/life-ports.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { trashedJson } from '../acl/trashed-json.js';
import { BoundedWork } from '../links/bounded-work.js';
import { UploadProblem } from '../uploads/problem.js';
import type { Trash } from '../uploads/trash.js';
import { API_PREFIX } from './acl-routes.js';
import { pathIn } from './api-values.js';
import { effectiveNow, type Followers } from './effective.js';
import type { Gate, Visitor } from './gate.js';
import { BadRequest } from './problem.js';
import { dropSchema, restoreSchema, TRASH_PAGE, trashSchema } from './trash-schemas.js';

const TRASH = `${API_PREFIX}/trash`;

export interface TrashRouteDeps extends Followers {
  readonly gate: Gate;
  readonly trash: TrashStore;
  readonly bin: Trash;
  /** UTC milliseconds. */
  readonly clock: () => number;
}

/** Entries that are judged for one page: whoever may see few of very many gets short pages. */
const JUDGED_MAX = 10_000;
const JUDGED_AT_ONCE = 200;
const listings = new BoundedWork({ runningMax: 2, waitingMax: 32 });

export function trashRoutes(instance: FastifyInstance, deps: TrashRouteDeps): void {
  const { gate, bin } = deps;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(TRASH, { schema: trashSchema }, async (request) => {
    const { path = '/', after, max } = request.query;
    const folder = pathIn(path);
    if (!isFolder(folder)) throw new BadRequest('What was in a folder is listed; end its path in a slash.');
    const who = await gate.identifyOwn(request);
    const before = after === undefined ? undefined : placeAt(after);
    const size = max === undefined ? TRASH_PAGE : Number(max);
    const { entries, next } = await listings.run(() => pageFor(deps, who, { folder, before, max: size }));
    if (entries.length === 0 && !who.subject.authenticated) await gate.require(who, 'manage', folder);
    return { entries: entries.map(trashedJson), ...(next !== undefined && { next: cursorOf(next) }) };
  });

  app.post(`${TRASH}/restore`, { schema: restoreSchema }, async (request) => {
    const { id, to, onConflict = 'refuse', grants = 'drop' } = request.body;
    const who = await gate.identifyOwn(request);
    const authorise = async (file: TrashedFile, target: ResourcePath) => {
      await requireEntry(deps, who, file);
      await gate.require(who, 'write', target);
      // It comes back without its expiry, which gives it to others again.
      const hasEnded = file.expiresAt !== undefined && file.expiresAt <= deps.clock();
      if (grants === 'drop' && !hasEnded) return;
      await gate.require(who, 'manage', file.path);
      await gate.require(who, 'manage', target);
    };
    await requireKnown(deps, who, id);
    const target = to === undefined ? undefined : pathIn(to);
    const restored = await bin.restore({ id, to: target, onConflict, grants, authorise });
    const { path, bytes, entityTag: etag, created } = restored;
    return { path, bytes, etag, created, ...(await effectiveNow(deps, request.log)) };
  });

  app.delete(TRASH, { schema: dropSchema }, async (request, reply) => {
    const { id } = request.query;
    const who = await gate.identifyOwn(request);
    const file = await requireKnown(deps, who, id);
    await requireEntry(deps, who, file);
    // As past the trash: else whoever may write has only to ask twice.
    await gate.require(who, 'manage', file.path);
    await bin.dropOne(id);
    return reply.code(204).send(null);
  });
}

interface Selection {
  readonly folder: ResourcePath;
  readonly before: Place | undefined;
  readonly max: number;
}

type Place = Pick<TrashedFile, 'id' | 'removedAt'>;

async function pageFor(deps: TrashRouteDeps, who: Visitor, { folder, before, max }: Selection) {
  const entries: TrashedFile[] = [];
  let last = before;
  for (let judged = 0; judged < JUDGED_MAX; judged += JUDGED_AT_ONCE) {
    const files = await deps.trash.trash({ folder, before: last, max: JUDGED_AT_ONCE });
    for (const file of files) {
      last = file;
      if (await mayHandle(deps, who, file)) entries.push(file);
      if (entries.length === max) return { entries, next: last };
    }
    if (files.length < JUDGED_AT_ONCE) return { entries, next: undefined };
  }
  return { entries, next: last };
}

/** Of what is being exchanged nothing is told. @throws NotKnown for another reason */
async function mayHandle({ gate }: TrashRouteDeps, who: Visitor, file: TrashedFile): Promise<boolean> {
  try {
    if ((await gate.decide(who, 'manage', file.path)).outcome === 'allow') return true;
    if (file.removedBy === undefined || file.removedBy !== who.subject.user) return false;
    return (await gate.decide(who, 'write', file.path)).outcome === 'allow';
  } catch (error) {
    if (error instanceof NotKnown && error.code === 'committing') return false;
    throw error;
  }
}

/** @throws UploadProblem `not-found`, the same for what is not there; Refused where nobody is signed in */
async function requireEntry(deps: TrashRouteDeps, who: Visitor, file: TrashedFile): Promise<void> {
  if (await mayHandle(deps, who, file)) return;
  await requireSignedIn(deps, who);
  throw notThere();
}

async function requireKnown(deps: TrashRouteDeps, who: Visitor, id: string): Promise<TrashedFile> {
  const file = await deps.trash.trashed(id);
  if (file !== undefined) return file;
  await requireSignedIn(deps, who);
  throw notThere();
}

/** A stranger is told to sign in, whether there is such an entry or not. */
async function requireSignedIn({ gate }: TrashRouteDeps, who: Visitor): Promise<void> {
  if (!who.subject.authenticated) await gate.require(who, 'manage', pathIn('/'));
}

function notThere(): UploadProblem {
  return new UploadProblem('not-found', 'There is nothing of this id in the trash.');
}

function cursorOf({ removedAt, id }: Place): string {
  return `${removedAt}.${id}`;
}

function placeAt(cursor: string): Place {
  const match = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(cursor);
  if (match === null) throw new BadRequest('`after` is no `next` of a page; begin without it.');
  return { removedAt: Number(match[1]), id: match[2] ?? '' };
}
