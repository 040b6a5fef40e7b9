/**
 * What is counted of failures, as rows of both databases: one table, in which a row is a counter of passwords or a window
 * of credentials. SQL that both understand is here, so that they cannot disagree.
 */

import { ATTEMPTS_REMEMBERED_MS, FAILURES_WINDOW_MS } from '../acl/count-ports.js';

/** The kind of the rows of credentials; those of passwords have the kinds of `AttemptKind`. */
export const CREDENTIAL = 'credential';

export const keptMs = (kind: string): number =>
  kind === CREDENTIAL ? FAILURES_WINDOW_MS : ATTEMPTS_REMEMBERED_MS;

/** Rows that are written before those are looked for that may go: so many more there may be, of each process. */
export const TRIM_EVERY = 100;

/**
 * Of an INSERT of what a process has counted: it goes on with the window that there is, else with a new one. A window from
 * before the clock was set back begins now, and keeps what is in it.
 */
export const JOIN_WINDOW = `
  ON CONFLICT (kind, name) DO UPDATE SET
    failures = CASE WHEN excluded.at - f.at < ${FAILURES_WINDOW_MS} THEN f.failures ELSE 0 END + excluded.failures,
    at = CASE WHEN excluded.at - f.at BETWEEN 0 AND ${FAILURES_WINDOW_MS - 1} THEN f.at ELSE excluded.at END`;

/** When this process has to look again for what may go. */
export class TrimDue {
  #written = TRIM_EVERY;

  /** Whether it is time, before so many rows are written: with the first, then with every hundredth. */
  isDue(rows: number): boolean {
    this.#written += rows;
    if (this.#written < TRIM_EVERY) return false;
    this.#written = 0;
    return true;
  }
}
