/**
 * The right to change the files of a store, from a Config: of the processes of all machines, where the store is one of
 * theirs, and else the lock of the data folder alone, which is the working directory and has been taken by then.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { LeaseHolder, LeaseStore, LeaseWish } from '../acl/lease-ports.js';
import type { Config } from '../config.js';
import { fileIdentity, processName } from '../host/this-process.js';
import { awaitLease, tryLease, type Waiting } from '../storage/awaited-lease.js';
import { HeldLease, LEASE_TIMES } from '../storage/held-lease.js';
import type { OutageListener } from '../storage/outage.js';
import type { Fence } from '../storage/postgres/fenced-database.js';
import { clocks } from './fleet-parts.js';
import { FILES_LOCK, openLeaseStore } from './foundations.js';

export type { Waiting } from '../storage/awaited-lease.js';

export interface FilesLease {
  /** For the store; `undefined`: the lock is all there is. */
  readonly fence: Fence | undefined;
  /** For the disk. */
  readonly requireHeld: () => void;
  /** `undefined`: likewise. */
  readonly isHeld: (() => boolean) | undefined;
  /** Resolves when another process has taken it, with who that is. Never without a lease. */
  readonly whenLost: Promise<string>;
  /** When nothing is written any more. */
  release(): Promise<void>;
}

const LOCK_ALONE: FilesLease = {
  fence: undefined,
  requireHeld: () => {},
  isHeld: undefined,
  whenLost: new Promise(() => {}),
  release: async () => {},
};

/** A process of another machine, or of another data folder, changes the files of the store. */
export class HeldElsewhere extends Error {
  override readonly name = 'HeldElsewhere';

  constructor({ name }: Pick<LeaseHolder, 'name'>) {
    super(`${name} changes the files of this store: run it on that machine, or stop that process`);
  }
}

/** For a files service, which stands by. `undefined`: it was stopped meanwhile. @throws when the store cannot be opened */
export async function awaitFilesLease(config: Config, waiting: Waiting): Promise<FilesLease | undefined> {
  return withLeaseStore(config, 'files', async (deps) => awaitLease(deps, waiting));
}

/** For a command, which does not wait. @throws HeldElsewhere; when the store cannot be opened */
export async function takeFilesLease(config: Config): Promise<FilesLease> {
  const lease = await withLeaseStore(config, 'latchkey', async (deps) => {
    const found = await tryLease(deps);
    if (found instanceof HeldLease) return found;
    throw new HeldElsewhere(found);
  });
  return lease ?? LOCK_ALONE;
}

/** @throws HeldElsewhere where somebody holds the lease under another lock than that of the data folder */
export async function refuseHeldElsewhere(config: Config): Promise<void> {
  const opened = await openLeaseStore(config);
  if (opened === undefined) return;
  try {
    const holder = await opened.store.holder();
    if (holder !== undefined && holder.lock !== fileIdentity(FILES_LOCK)) throw new HeldElsewhere(holder);
  } finally {
    await opened.close();
  }
}

type Deps = Parameters<typeof tryLease>[0];

async function withLeaseStore(
  config: Config,
  role: string,
  take: (deps: Deps) => Promise<HeldLease | undefined>,
): Promise<FilesLease | undefined> {
  const opened = await openLeaseStore(config);
  if (opened === undefined) return LOCK_ALONE;
  const { store, close } = opened;
  try {
    const held = await take({ store, wish: wishOf(role), times: LEASE_TIMES, clocks });
    if (held !== undefined) return leaseOver(held, store, close);
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return undefined;
}

function wishOf(role: string): LeaseWish {
  return { id: randomUUID(), name: processName(role), lock: fileIdentity(FILES_LOCK) };
}

function leaseOver(held: HeldLease, store: LeaseStore, close: () => Promise<void>): FilesLease {
  held.keep(UNTOLD);
  const nameOfHolder = async () => (await store.holder().catch(() => undefined))?.name ?? SOMEBODY;
  return {
    fence: held,
    requireHeld: () => held.requireHeld(),
    isHeld: () => held.isHeld,
    // nginx asks this process for as long as it listens.
    whenLost: held.whenLost.then(() => Promise.race([nameOfHolder(), wait(NAMED_IN_MS, SOMEBODY)])),
    release: async () => {
      await held.release();
      await close();
    },
  };
}

const SOMEBODY = 'another process';
/** A store that does not answer keeps nobody from ending. */
const NAMED_IN_MS = 1_000;

/** That the store is away is told by whoever reads it. */
const UNTOLD: OutageListener = { onLost: () => {}, onFound: () => {} };
