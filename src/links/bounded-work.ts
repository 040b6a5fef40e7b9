/**
 * A bound on work that strangers can ask for: so many run at once, so many wait, and whoever comes on top of these is
 * told so at once. It knows nothing of what the work is.
 */

/** There is more to do than may wait. Nothing was done; come again in a moment. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy';
  readonly code = 'too-busy';
}

export interface WorkBound {
  readonly runningMax: number;
  readonly waitingMax: number;
}

export class BoundedWork {
  readonly #bound: WorkBound;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(bound: WorkBound) {
    this.#bound = bound;
  }

  /** In the order in which they came. @throws TooBusy */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(): Promise<void> | undefined {
    const { runningMax, waitingMax } = this.#bound;
    if (this.#running < runningMax) {
      this.#running += 1;
      return undefined;
    }
    if (this.#waiting.length >= waitingMax) {
      throw new TooBusy('There is more to do here than may wait; try again in a moment.');
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever waits longest takes the place over, so that nobody who comes now can take it first. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
