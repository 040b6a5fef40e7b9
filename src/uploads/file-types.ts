/**
 * What the bytes of files are, told by a thread, one file at a time. It is ended when a file keeps it too long, and
 * made again for the next one.
 */

import { Worker } from 'node:worker_threads';
import { NotKnown } from '../acl/errors.js';
import type { FoundType } from './media-types.js';
import { UploadProblem } from './problem.js';
import type { TypeJob } from './type-worker.js';

/** A file takes some milliseconds. */
const TIMEOUT_MS = 10_000;
/** Each is an upload that nginx holds a connection for. */
const WAITING_MAX = 1_000;
const THREAD_HEAP_MIB = 64;

type Answer = { readonly found: FoundType } | { readonly failure: string };

export class FileTypes {
  readonly #script: URL;
  readonly #timeoutMs: number;
  #worker: Worker | undefined;
  #waiting = 0;
  /** Resolves when those that came before are done. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param script another one than ours, in a test */
  constructor(script = new URL('./type-worker.js', import.meta.url), timeoutMs = TIMEOUT_MS) {
    this.#script = script;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws NotKnown, UploadProblem `too-busy` */
  async of(job: TypeJob): Promise<FoundType> {
    if (this.#waiting >= WAITING_MAX) {
      throw new UploadProblem(
        'too-busy',
        'Too many uploads wait to be looked at; send it again in a moment.',
      );
    }
    this.#waiting += 1;
    const found = this.#last
      .then(() => this.#ask(job))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = found.catch(() => undefined);
    return found;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  async #ask(job: TypeJob): Promise<FoundType> {
    this.#worker ??= this.#begin();
    const worker = this.#worker;
    worker.ref();
    const answer = await this.#answer(worker, job);
    worker.unref();
    if ('found' in answer) return answer.found;
    await worker.terminate(); // whatever state it is in: the next one gets another
    throw new NotKnown('content-unknown', `the type of an upload cannot be told: ${answer.failure}`);
  }

  #begin(): Worker {
    const worker = new Worker(this.#script, {
      execArgv: [], // what loads into our own process has no business in there
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB },
    });
    worker.on('error', () => undefined); // it exits next
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }

  async #answer(worker: Worker, job: TypeJob): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const late = () => resolve({ failure: `it takes longer than ${this.#timeoutMs} ms` });
    const ended = () => resolve({ failure: 'the thread that looks at it has ended' });
    const timer = setTimeout(late, this.#timeoutMs);
    worker.once('message', resolve).once('exit', ended);
    worker.postMessage(job);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      worker.off('message', resolve).off('exit', ended);
    }
  }
}
