/** Another process that writes to a store, as `latchkey revoke` does beside a running authorizer. */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';

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
