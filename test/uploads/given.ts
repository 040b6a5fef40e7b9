/**
 * What tests of uploads are given: a storage root and a SQLite store in a folder of their own, a committer over
 * both, and what nginx and the authorizer would make of them. Must never decide anything.
 */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Test } from 'tap';
import { Authorizer } from '../../src/acl/authorizer.js';
import { NotKnown } from '../../src/acl/errors.js';
import type { Awaitable, Store } from '../../src/acl/ports.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openWriter } from '../../src/storage/sqlite/connection.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { type CommitStep, Committer, type Upload } from '../../src/uploads/committer.js';
import { Mover, type MoveStep } from '../../src/uploads/mover.js';
import { type Partial, writePartial } from '../../src/uploads/partial.js';
import { PathLocks } from '../../src/uploads/path-locks.js';
import type { Preconditions } from '../../src/uploads/preconditions.js';
import { RAW_FOLDER, RawUploads } from '../../src/uploads/raw-uploads.js';
import { RESUMABLE_FOLDER, ResumableFolder } from '../../src/uploads/resumable-folder.js';
import { ResumableUploads } from '../../src/uploads/resumable-uploads.js';
import { StorageRoot } from '../../src/uploads/storage-root.js';
import { TRASH_FOLDER } from '../../src/uploads/trash-folder.js';
import { draft, path, principal } from '../storage/given.js';

export { draft, path, principal };

export const MIB = 1024 * 1024;
export const OWNER = principal('user:owner');
export const UNCONDITIONAL: Preconditions = {
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifUnmodifiedSince: undefined,
};

export interface Scene {
  readonly folder: string;
  readonly databaseFile: string;
  /** Of a store that is not in that file. */
  readonly databaseUrl?: string;
  readonly root: StorageRoot;
  readonly rawUploads: RawUploads;
  readonly resumable: ResumableUploads;
  readonly store: Store;
  readonly committer: Committer;
  readonly mover: Mover;
  /** Those of the committer and the mover. */
  readonly locks: PathLocks;
  /** Who may what; the grants of the store are all there is. */
  readonly authorizer: Authorizer;
}

/** @param onStep is told each step of a commit, and may do to the disk or the store what somebody else would */
export async function scene(
  t: Test,
  onStep: (step: CommitStep) => void = () => undefined,
  onMove: (step: MoveStep) => void = () => undefined,
  open: (file: string) => Awaitable<Store> = openSqliteStore,
  uploadClock: () => number = () => Date.now(),
): Promise<Scene> {
  const folder = t.testdir();
  const databaseFile = `${folder}/latchkey.db`;
  const root = rootIn(folder);
  await root.prepare();
  const rawUploads = new RawUploads(`${folder}/partial`, root);
  await rawUploads.prepare();
  const resumable = await resumableIn(folder, root, uploadClock);
  const store = await open(databaseFile);
  t.teardown(() => store.close());
  const locks = new PathLocks();
  const { files, moves, tree, expiries } = store;
  const committer = new Committer({ root, files, expiries, clock: () => Date.now(), locks, onStep });
  const mover = new Mover({ root, files, moves, tree, locks, onStep: onMove });
  return {
    folder,
    databaseFile,
    root,
    rawUploads,
    resumable,
    store,
    locks,
    committer,
    mover,
    authorizer: authorizerOf(store),
  };
}

export function rootIn(folder: string): StorageRoot {
  return new StorageRoot({
    root: `${folder}/store`,
    mount: '/files/',
    partialFolder: `${folder}/partial`,
  });
}

/** As the files service has them, but for what an earlier one left. */
async function resumableIn(
  folder: string,
  root: StorageRoot,
  clock: () => number,
): Promise<ResumableUploads> {
  const inFolder = new ResumableFolder(`${folder}/partial`, root);
  await inFolder.prepare();
  return new ResumableUploads({
    folder: inFolder,
    openMax: 10,
    ownerMax: 8,
    lifetimeMs: 3_600_000,
    clock,
  });
}

function authorizerOf(store: Store): Authorizer {
  const reader = new CachedReader(store.facts, { bytesMax: 16 * MIB });
  return new Authorizer(reader, { administrators: new Set(), home: undefined }, () => Date.now());
}

/** `user:bob read` as lines set it on `on`. */
export function upload(
  on: string,
  partial: Partial,
  lines: readonly string[] = [],
  preconditions: Preconditions = UNCONDITIONAL,
): Upload {
  const grants = lines.map((line) => ({ ...draft(`${line} /`), path: path(on) }));
  return { path: path(on), partial, owner: OWNER, grants, preconditions };
}

export async function partialOf(root: StorageRoot, text: string): Promise<Partial> {
  return writePartial(root, Readable.from([Buffer.from(text)]), { bytesMax: MIB, bytesBefore: 0 });
}

/** Uploads one text and answers with what the committer answered. */
export async function put(
  { root, committer }: Scene,
  on: string,
  text: string,
  lines: readonly string[] = [],
  preconditions: Preconditions = UNCONDITIONAL,
) {
  const partial = await partialOf(root, text);
  const [committed] = await committer.commit([upload(on, partial, lines, preconditions)]);
  if (committed === undefined) throw new Error('the commit of one upload answered with none');
  return committed;
}

/** What nginx would open at a path; `undefined`: no regular file is there. */
export function served(folder: string, on: string): string | undefined {
  try {
    return readFileSync(`${folder}/store/files${on}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** May that user read there? `not-known`: the client is answered 503. */
export async function mayRead(authorizer: Authorizer, user: string, on: string) {
  const subject = { user: principal(user), groups: [], authenticated: true };
  try {
    const decision = await authorizer.authorize({ subject, action: 'read', path: path(on) });
    return decision.outcome === 'allow';
  } catch (error) {
    if (error instanceof NotKnown) return 'not-known';
    throw error;
  }
}

/** Without the folders of nginx, of resumable uploads and of the trash among them. */
export function partialsIn(folder: string): readonly string[] {
  const folders = [RAW_FOLDER, RESUMABLE_FOLDER, TRASH_FOLDER];
  return readdirSync(`${folder}/partial`).filter((name) => !folders.includes(name));
}

/** What nginx has written, and not yet removed. */
export function rawIn(folder: string): readonly string[] {
  return readdirSync(`${folder}/partial/${RAW_FOLDER}`);
}

/** What there is of resumable uploads: of each its bytes and its record. */
export function resumableNamesIn(folder: string): readonly string[] {
  return readdirSync(`${folder}/partial/${RESUMABLE_FOLDER}`).sort();
}

/** All names below the folder that nginx serves, folders too. */
export function namesIn(folder: string): readonly string[] {
  return readdirSync(`${folder}/store/files`, { recursive: true, encoding: 'utf8' }).sort();
}

/** Makes the store refuse a kind of write to its journal until the answer is called. */
export function refusing(databaseFile: string, write: 'INSERT' | 'DELETE'): () => void {
  const db = openWriter(databaseFile);
  db.exec(
    `CREATE TRIGGER refusing BEFORE ${write} ON journal BEGIN SELECT RAISE(ABORT, 'the test refuses'); END`,
  );
  return () => {
    db.exec('DROP TRIGGER refusing');
    db.close();
  };
}

/** What an operator may do to a path between two steps: put a folder there, with something in it. */
export function folderAt(folder: string, on: string): void {
  mkdirSync(`${folder}/store/files${on}/inside`, { recursive: true });
}
