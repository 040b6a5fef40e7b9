/** What is counted of failures, in memory: the shortest program that keeps the contract. */

import {
  ATTEMPT_KINDS,
  type AttemptKind,
  type AttemptNames,
  type AttemptRule,
  type AttemptStore,
  COUNTERS_MAX,
  countersOf,
  FAILURES_WINDOW_MS,
  type FailureCounter,
  type FailureStore,
  type FailureTotal,
} from '../../acl/count-ports.js';

export class MemoryAttempts implements AttemptStore {
  readonly #clock: () => number;
  /** The oldest first. */
  readonly #counters: Readonly<Record<AttemptKind, Map<string, FailureCounter>>> = {
    'address-on-link': new Map(),
    address: new Map(),
    link: new Map(),
  };

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  async count<T>(names: AttemptNames, rule: AttemptRule<T>): Promise<T> {
    const standing = countersOf((kind) => this.#counters[kind].get(names[kind]));
    const { value, counters } = rule(standing, this.#clock());
    if (counters === standing) return value;
    for (const kind of ATTEMPT_KINDS) put(this.#counters[kind], names[kind], counters[kind]);
    return value;
  }
}

export class MemoryFailures implements FailureStore {
  readonly #clock: () => number;
  readonly #windows = new Map<string, { readonly failures: number; readonly since: number }>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  async join(counted: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, FailureTotal>> {
    const now = this.#clock();
    return new Map(
      [...counted].map(([name, more]) => {
        const known = this.#windows.get(name);
        const isOver = known === undefined || now - known.since >= FAILURES_WINDOW_MS;
        // A window from before the clock was set back begins now, and keeps what is in it.
        const since = isOver ? now : Math.min(known.since, now);
        const failures = (isOver ? 0 : known.failures) + more;
        put(this.#windows, name, { failures, since });
        return [name, { failures, ageMs: now - since }];
      }),
    );
  }
}

function put<C>(counters: Map<string, C>, name: string, counter: C | undefined): void {
  counters.delete(name);
  if (counter !== undefined) counters.set(name, counter);
  const [oldest] = counters.keys();
  if (counters.size > COUNTERS_MAX && oldest !== undefined) counters.delete(oldest);
}
