/** The exit codes of the CLI. */

/**
 * 0: done, or allowed. 1: refused, or denied. 2: wrong usage or configuration. 3: it could not be done or found
 * out, which is no denial (docs/decisions/0007-exit-codes.md).
 */
export type ExitCode = 0 | 1 | 2 | 3;
export const DONE: ExitCode = 0;
export const REFUSED: ExitCode = 1;
export const WRONG_USAGE: ExitCode = 2;
export const FAILED: ExitCode = 3;
