/** An operator's desk with files below the root that nobody uploaded, and records that a test has made. */

import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Test } from 'tap';
import type { FileRecord, Store } from '../../src/acl/ports.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { path, principal } from '../storage/given.js';
import { type Desk, desk } from './program.js';

/** When the files of a test were changed last. */
export const SECOND = 1_700_000_000;

export interface TreeDesk extends Desk {
  /** What nginx serves. */
  readonly files: string;
  readonly databaseFile: string;
  /** Writes files, each with its own name as content. */
  put(...names: readonly string[]): void;
  withStore<T>(work: (store: Store) => Promise<T>): Promise<T>;
  /** Makes records as the files of `put` have them, whether or not there are any. */
  record(...names: readonly string[]): Promise<void>;
  records(): Promise<readonly FileRecord[]>;
}

export async function treeDesk(t: Test, env: Readonly<Record<string, string>> = {}): Promise<TreeDesk> {
  const at = await desk(t, env);
  const files = `${at.dataFolder}/store/files`;
  const databaseFile = `${at.dataFolder}/latchkey.db`;
  mkdirSync(files);
  const { uid, gid } = statSync(at.dataFolder);
  chownSync(files, uid, gid); // as a files service would have made it
  const withStore = async <T>(work: (store: Store) => Promise<T>) => {
    const store = openSqliteStore(databaseFile);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  return {
    ...at,
    files,
    databaseFile,
    withStore,
    put: (...names) => {
      for (const name of names) {
        mkdirSync(dirname(files + name), { recursive: true });
        writeFileSync(files + name, name);
        utimesSync(files + name, SECOND, SECOND);
      }
    },
    record: async (...names) => {
      const changes = names.map((name) => ({ path: path(name), from: undefined, to: recordOf(name) }));
      await withStore((store) => store.files.reconcile(changes));
    },
    records: () => withStore((store) => store.files.records({ folder: path('/'), max: 100_000 })),
  };
}

export function recordOf(name: string): FileRecord {
  return {
    path: path(name),
    owner: principal('user:owner'),
    bytes: Buffer.byteLength(name),
    updatedAt: SECOND * 1000,
  };
}

/** Every name below a folder with what it is: kind, inode, bytes, time, and where a symlink leads. */
export function contentOf(folder: string): readonly string[] {
  const format = '%P %y %i %s %T@ %l\n';
  return execFileSync('find', [folder, '-mindepth', '1', '-printf', format], { encoding: 'latin1' })
    .split('\n')
    .sort();
}

const SPIN_MS_MAX = 30_000;

/** Waits without giving way: what another process does is to be met within milliseconds, before it has gone on. */
export function spinWhile(condition: () => boolean): void {
  const deadline = performance.now() + SPIN_MS_MAX;
  while (condition()) {
    if (performance.now() > deadline) throw new Error(`nothing has come of it in ${SPIN_MS_MAX} ms`);
  }
}
