/** Another process that writes to a store, as `latchkey revoke` does beside a running authorizer. */

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Test } from 'tap';

/** Where `node_modules` is. */
const PROJECT = new URL('../../', import.meta.url);

/** Runs SQL on its own connection, then `last` (JavaScript; `db` is open). */
export function inAnotherProcess(file: string, sql: string, last = 'db.close()'): SpawnSyncReturns<string> {
  const script = `
    const SQLite = require('better-sqlite3');
    const db = new SQLite(process.argv[1], { timeout: 5000 });
    db.exec(process.argv[2]);
    ${last}`;
  const done = spawnSync(process.execPath, ['-e', script, file, sql], { cwd: PROJECT, encoding: 'utf8' });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0 && done.signal === null) throw new Error(done.stderr);
  return done;
}

/** What a revoke of everything on one path writes, as one transaction. */
export function revokeOn(path: string, end: 'COMMIT' | '' = 'COMMIT'): string {
  return `
    BEGIN IMMEDIATE;
    DELETE FROM grants WHERE path = '${path}';
    UPDATE state SET revision = revision + 1;
    INSERT INTO changes (revision, touched) SELECT revision, '${path}' FROM state;
    ${end}`;
}

export interface Holder {
  readonly pid: number;
  /** Commits, and resolves when the process has ended. */
  release(): Promise<void>;
}

/** Another process that has begun to write and does not end, as a long import. */
export async function holdWriteLock(t: Test, file: string): Promise<Holder> {
  const script = `
    const SQLite = require('better-sqlite3');
    const db = new SQLite(process.argv[1]);
    db.exec('BEGIN IMMEDIATE');
    console.log('held');
    process.stdin.resume().on('end', () => db.exec('COMMIT'));`;
  const child = spawn(process.execPath, ['-e', script, file], {
    cwd: PROJECT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const release = async () => {
    child.stdin.end();
    await ended;
  };
  t.teardown(release);
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, release };
}
