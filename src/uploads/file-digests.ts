/**
 * Digests of files, computed by a bounded number of threads: a gigabyte takes seconds, during which the files service
 * answers everybody else. A thread is made when it is first needed, and kept.
 */

import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { DigestJob, ThreadData } from './digest-worker.js';
import type { DigestAlgorithm, Digests } from './digests.js';
import { UploadProblem } from './problem.js';

export interface DigestThreads extends ThreadData {
  readonly threadsMax: number;
  readonly waitingMax: number;
}

/**
 * What requests wait for. The disk is the bound soon enough, and the other core is nginx's; each that waits is an upload
 * that nginx holds a connection for.
 */
const FOR_REQUESTS: DigestThreads = { threadsMax: 2, waitingMax: 1000 };
/**
 * What nobody waits for: where a core is wanted by others, Linux gives it a tenth of what each of those gets. With still
 * less it would not come to an end on a machine that is always busy, nor stop when it is told to.
 */
export const IN_BACKGROUND: DigestThreads = {
  threadsMax: 1,
  waitingMax: 1000,
  niceness: constants.priority.PRIORITY_BELOW_NORMAL,
};
/** A thread has one chunk and two hashes. */
const THREAD_HEAP_MIB = 16;
const THREAD_YOUNG_MIB = 2;

type Answer =
  | { readonly digests: Digests }
  | { readonly failure: { readonly message: string; readonly code?: string | undefined } };

interface Waiting {
  readonly job: DigestJob;
  readonly answered: (answer: Answer) => void;
}

interface Thread {
  readonly worker: Worker;
  busyWith: Waiting | undefined;
}

export class FileDigests {
  readonly #options: DigestThreads;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(threads = FOR_REQUESTS) {
    this.#options = threads;
  }

  /**
   * @param file its name, or a descriptor that whoever calls keeps open meanwhile
   * @throws UploadProblem `too-busy`, or what the file system says
   */
  async of(file: string | number, algorithms: readonly DigestAlgorithm[]): Promise<Digests> {
    if (algorithms.length === 0) return new Map();
    if (this.#closed || this.#waiting.length >= this.#options.waitingMax) {
      throw new UploadProblem(
        'too-busy',
        'Too many uploads wait for their digests; send it again in a moment.',
      );
    }
    const answer = await new Promise<Answer>((answered) => {
      this.#waiting.push({ job: { file, algorithms }, answered });
      this.#next();
    });
    if ('digests' in answer) return answer.digests;
    throw Object.assign(new Error(answer.failure.message), { code: answer.failure.code });
  }

  /** Whoever still waits is told that it ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { answered } of this.#waiting.splice(0)) answered(ENDED);
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const thread = [...this.#threads].find(({ busyWith }) => busyWith === undefined) ?? this.#another();
    if (thread === undefined) return;
    this.#waiting.shift();
    thread.busyWith = first;
    thread.worker.postMessage(first.job);
  }

  #another(): Thread | undefined {
    if (this.#threads.size >= this.#options.threadsMax) return undefined;
    const { niceness } = this.#options;
    const workerData: ThreadData = niceness === undefined ? {} : { niceness };
    const worker = new Worker(new URL('./digest-worker.js', import.meta.url), {
      workerData,
      execArgv: [], // what loads into our own process has no business in there
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB, maxYoungGenerationSizeMb: THREAD_YOUNG_MIB },
    });
    const thread: Thread = { worker, busyWith: undefined };
    const answer = (given: Answer) => {
      thread.busyWith?.answered(given);
      thread.busyWith = undefined;
    };
    worker.on('message', (given: Answer) => {
      answer(given);
      this.#next();
    });
    worker.on('error', (error) => answer({ failure: error as Error }));
    worker.on('exit', () => {
      this.#threads.delete(thread);
      answer(ENDED);
      if (!this.#closed) this.#next();
    });
    this.#threads.add(thread);
    return thread;
  }
}

const ENDED: Answer = { failure: { message: 'the thread that computes digests has ended' } };
