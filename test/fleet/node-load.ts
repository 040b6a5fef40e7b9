/** A load on every nginx: a kept connection for each file and node, on which one question follows the other. */

import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ending } from '../commands/program.js';
import type { Answered } from './judged-answers.js';

const ANSWER_MS = 30_000;
/** Others need the processor, too. */
const PAUSE_MS = 1;

export interface Asked {
  readonly file: string;
  readonly token: string;
}

/** Resolves by `stop` when the last one is answered. 0 is the status of a connection that ended. */
export function startLoad(
  t: Ending,
  ports: readonly number[],
  files: readonly Asked[],
  onAnswer: (answer: Answered) => void,
): { stop(): Promise<void> } {
  let isOver = false;
  const ask = async (node: number, port: number, { file, token }: Asked) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!isOver) {
      const sentAt = performance.now();
      const status = await statusOf(agent, port, `/files${file}`, token);
      onAnswer({ file, node, sentAt, at: performance.now(), status });
      await pause(PAUSE_MS);
    }
    agent.destroy();
  };
  const asking = ports.flatMap((port, node) => files.map((file) => ask(node, port, file)));
  const stop = async () => {
    isOver = true;
    await Promise.all(asking);
  };
  t.teardown(stop);
  return { stop };
}

function statusOf(agent: Agent, port: number, path: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, agent, headers, timeout: ANSWER_MS }, (answer) => {
      answer.on('error', () => resolve(0));
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(0));
    asked.end();
  });
}
