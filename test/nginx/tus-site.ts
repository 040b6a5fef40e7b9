/** A site that takes resumable uploads: requests of the protocol by hand, its files service, and how to kill that. */

import { readFileSync } from 'node:fs';
import { childrenOf } from '../commands/processes.js';
import type { Ask } from '../http/asking-files.js';
import { tusOver } from '../http/tus-client.js';
import type { Site } from './running-site.js';

export function tusAt(site: Site) {
  const ask: Ask = async (method, target, { as, headers, body } = {}) => {
    const answer = await site.ask(method, target, {
      ...(as !== undefined && { token: site.token(as) }),
      ...(headers !== undefined && { headers }),
      ...((typeof body === 'string' || Buffer.isBuffer(body)) && { body }),
    });
    return { status: answer.status, headers: answer.headers, text: answer.body.toString() };
  };
  return tusOver(ask);
}

/** kill -9; `latchkey up` starts another one. */
export function killFiles(site: Site): void {
  const files = childrenOf(site.process.pid ?? 0).find(({ words }) => words.includes('files'));
  if (files === undefined) throw new Error('no files service runs');
  process.kill(files.pid, 'SIGKILL');
}

export function fileOf(site: Site, path: string): Buffer {
  return readFileSync(`${site.dataFolder}/store/files${path}`);
}
