/** nginx's access log, as tests read it: the line of a request is written after its answer, so whoever reads waits. */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { until } from './running-site.js';

export interface LogLine {
  readonly id: string;
  readonly address: string;
  readonly uri: string;
  readonly status: number;
  readonly decision: string;
  readonly principal: string;
  readonly grant: string;
}

const WRITTEN_MS = 20_000;

export class AccessLog {
  readonly #file: string;
  #taken: number;

  private constructor(file: string, taken: number) {
    this.#file = file;
    this.#taken = taken;
  }

  /** From here on. @param ask sends a GET of a path below what is logged, and waits for its answer */
  static async from(file: string, folder: string, ask: (target: string) => Promise<unknown>) {
    const mark = `${folder}mark-${randomUUID()}`;
    await ask(mark);
    const lines = await until(
      async () => linesOf(file),
      (found) => found.some(({ uri }) => uri === mark),
      WRITTEN_MS,
    );
    return new AccessLog(file, lines.length);
  }

  /** The lines of the next `count` requests, in nginx's order: each of its workers writes its own. */
  async next(count: number): Promise<readonly LogLine[]> {
    const upTo = this.#taken + count;
    const lines = await until(
      async () => linesOf(this.#file),
      (found) => found.length >= upTo,
      WRITTEN_MS,
    );
    const taken = lines.slice(this.#taken, upTo);
    this.#taken = upTo;
    return taken;
  }
}

/** What is written by now; a line that is half there is not yet one. */
export function linesOf(file: string): readonly LogLine[] {
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as LogLine);
}
