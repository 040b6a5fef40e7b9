/**
 * Moves, copies and removals for the operator. The locks of paths are those of one process, so a files service that runs
 * on the data folder is asked to do it, on a socket that is its owner's alone; where none runs, it is done here, by the
 * same code, under the lock by which a files service would be kept from starting, and the lease by which those of other
 * machines would stand by.
 */

import { request } from 'node:http';
import type { Receipts } from '../acl/fleet-ports.js';
import { formatInstant } from '../acl/instant.js';
import { OPERATOR_SOCKET, openFileParts, recoverFilesAlone, takeFilesLock } from '../assembly/file-parts.js';
import {
  FileRefused,
  type FileWork,
  ownFileWork,
  type Position,
  type RemovalMode,
} from '../assembly/file-work.js';
import { openCommandStore } from '../assembly/fleet-parts.js';
import { storageRootOf } from '../assembly/foundations.js';
import { openInspection } from '../assembly/inspection-parts.js';
import { type FilesLease, refuseHeldElsewhere, takeFilesLease } from '../assembly/lease-parts.js';
import { enterDataFolder } from '../host/data-folder.js';
import { type Invocation, RefusedError } from './command.js';

/** A files service that is just starting or stopping answers nobody, and holds the lock. */
const PATIENCE_MS = 15_000;
const LOCK_TRY_MS = 200;

export async function withFileWork<T>(
  invocation: Invocation,
  work: (files: FileWork) => Promise<T>,
): Promise<T> {
  return withSome(invocation, work).catch(toldAsRefused);
}

export function toldAsRefused(error: unknown): never {
  throw error instanceof FileRefused ? new RefusedError(error.message) : error;
}

async function withSome<T>(invocation: Invocation, work: (files: FileWork) => Promise<T>): Promise<T> {
  const { config, output } = invocation;
  enterDataFolder(config, output.note);
  const deadline = performance.now() + PATIENCE_MS;
  for (let looks = 1; performance.now() < deadline; looks += 1) {
    const lock = await takeFilesLock(0);
    if (lock !== undefined) {
      try {
        return await withLease(invocation, work);
      } finally {
        lock.release();
      }
    }
    if (await isServed()) return work(SERVED);
    // The one that works here may stand by for another machine's.
    if (looks === 1) await refuseHeldElsewhere(config);
    await new Promise((resolve) => setTimeout(resolve, LOCK_TRY_MS));
  }
  await refuseHeldElsewhere(config);
  throw new Error(
    `another process changes files in ${config.dataFolder}, and answers nobody; try again later`,
  );
}

async function withLease<T>(invocation: Invocation, work: (files: FileWork) => Promise<T>) {
  const lease = await takeFilesLease(invocation.config);
  try {
    return await withOwnParts(invocation, lease, work);
  } finally {
    await lease.release();
  }
}

async function withOwnParts<T>(
  { config, output }: Invocation,
  { fence, requireHeld }: FilesLease,
  work: (files: FileWork) => Promise<T>,
) {
  const { store, receipts } = await openCommandStore(config, fence);
  try {
    const root = storageRootOf(config, requireHeld);
    await root.prepare();
    const { stuck } = await recoverFilesAlone(root, store, receipts);
    for (const { what } of stuck) output.note(`${what} was left unfinished by an earlier stop, and still is`);
    const looks = openInspection(config, ({ path, reason }) =>
      output.note(`the scan refused ${path}: ${reason}`),
    );
    const { trashTimeMs, storeDigests, uploadLimits } = config;
    const { userLimits } = uploadLimits;
    const given = { trashTimeMs, storeDigests, userLimits, inspection: looks.inspection };
    try {
      const followers = { acl: store.acl, receipts };
      return await work(
        ownFileWork(openFileParts(root, store, { ...given, following: receipts }), followers),
      );
    } finally {
      await looks.close();
    }
  } finally {
    await store.close();
  }
}

const SERVED: FileWork = {
  move: (relocation) => asked('/move', relocation),
  copy: (relocation) => asked('/copy', relocation),
  removeFolder: (path, mode) => asked('/remove', { path, recursive: 'true', ...purge(mode) }),
  removeFile: async (path, mode) => void (await asked('/remove', { path, ...purge(mode) })),
  expire: (path, expiresAt) =>
    asked('/expire', { path, expires: expiresAt === undefined ? 'never' : formatInstant(expiresAt) }),
  restore: (wish) => asked('/restore', wish),
  dropTrashed: async (id) => void (await asked('/drop', { id })),
  position: async (): Promise<Position> => {
    const { revision, others } = await asked<{ revision: number; others: boolean }>('/position', {});
    return { revision, receipts: others ? SERVED_RECEIPTS : undefined };
  },
};

/** Of the store in which it was done, whatever this command has been told of stores. */
const SERVED_RECEIPTS: Receipts = {
  receiptOf: (revision) => asked('/receipt', { revision }),
  boundMs: async () => (await asked<{ boundMs: number }>('/bound', {})).boundMs,
};

function purge(mode: RemovalMode) {
  return mode === 'for-good' ? { purge: 'true' } : {};
}

/** @throws FileRefused for what the service refuses; Error where it could not find out */
async function asked<T>(path: string, body: object): Promise<T> {
  const { status, text } = await exchange('POST', path, JSON.stringify(body));
  const answer = JSON.parse(text) as T & { readonly detail?: string };
  if (status === 200) return answer;
  const detail = answer.detail ?? `the files service answered ${status}`;
  throw status < 500 ? new FileRefused(detail) : new Error(detail);
}

async function isServed(): Promise<boolean> {
  return exchange('GET', '/', '').then(
    () => true,
    () => false,
  );
}

function exchange(method: string, path: string, body: string) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request({ socketPath: OPERATOR_SOCKET, method, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
