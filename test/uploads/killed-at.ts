/** Runs a plan in a process of its own, which has to end by its own SIGKILL. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../nginx/running-site.js';
import type { Plan } from './killed-process.js';
import type { ResumablePlan } from './killed-resumable.js';

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export async function killedAt(plan: Plan): Promise<void> {
  await killed(program('killed-process.ts'), plan);
}

export async function killedResumableAt(plan: ResumablePlan): Promise<void> {
  await killed(program('killed-resumable.ts'), plan);
}

/** @param file a program. Answers with what it has written on standard error */
export async function killed(file: string, plan: object): Promise<string> {
  const child = spawn(process.execPath, [file, JSON.stringify(plan)], {
    env: plainEnvironment({}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL') throw new Error(`it was not killed but ended with ${code}: ${said}`);
  return said;
}
