/**
 * How soon the commit of a resumable upload is tried again that failed on our side. Each try has the scan read all of
 * its bytes, and costs its sender one request without a body: a few are made at once, the others ever more rarely.
 */

export interface FailedCommits {
  readonly count: number;
  /** Of the last one; UTC milliseconds. */
  readonly at: number;
}

/** The request with the last byte, and two that ask what came of it. */
const AT_ONCE = 3;
const FIRST_PAUSE_MS = 60_000;
const PAUSE_MS_MAX = 60 * 60 * 1000;

/** 0: now. @param now UTC milliseconds */
export function pauseMs(failed: FailedCommits | undefined, now: number): number {
  if (failed === undefined || failed.count < AT_ONCE) return 0;
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failed.count - AT_ONCE), PAUSE_MS_MAX);
  // A clock that was set back makes nobody wait for longer.
  return Math.min(Math.max(failed.at + pause - now, 0), pause);
}
