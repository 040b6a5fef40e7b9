/**
 * A process that copies one store into another, as `latchkey migrate` does, and kills itself by SIGKILL at the step that
 * the plan names. Run by Node itself, which strips the types; never imported but for its types.
 */

import type { CopyStep } from '../../src/storage/postgres/copy-in.js';

export interface CopyPlan {
  readonly file: string;
  readonly url: string;
  readonly rowsMax: number;
  readonly killAt: CopyStep;
  /** Which of several: the first is 1. */
  readonly nth: number;
}

const { copyStore } = (await import(
  new URL('../../dist/assembly/store-copy.js', import.meta.url).href
)) as typeof import('../../src/assembly/store-copy.js');

const plan = JSON.parse(process.argv[2] ?? '') as CopyPlan;
let still = plan.nth;

await copyStore(plan.file, plan.url, {
  begin: 'where-it-was',
  rowsMax: plan.rowsMax,
  onProgress: () => undefined,
  onNote: (note) => void process.stderr.write(`${note}\n`),
  onStep: (step) => {
    if (step !== plan.killAt) return;
    still -= 1;
    if (still === 0) process.kill(process.pid, 'SIGKILL');
  },
});
