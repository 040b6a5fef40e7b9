/** Runs the plan in a process of its own, which has to end by its own SIGKILL. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../nginx/running-site.js';
import type { Plan } from './killed-process.js';

const PROGRAM = fileURLToPath(new URL('killed-process.ts', import.meta.url));

export async function killedAt(plan: Plan): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(plan)], {
    env: plainEnvironment({}),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL') throw new Error(`it was not killed but ended with ${code}: ${said}`);
}
