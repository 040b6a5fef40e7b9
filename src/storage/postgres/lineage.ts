/**
 * Whether a state of the store comes after those that were seen before, or is of another store: another database behind
 * the URL, or a backup that was restored. Answers may come in another order than they were asked for; an answer that is
 * only late is told from a store that went back.
 *
 * A new generation too many costs a cold start. One too few would keep what was revoked.
 */

/** A state of the store, as an answer shows it. */
export interface ShownState {
  readonly identity: string;
  readonly revision: number;
  readonly mark: number;
  /** Marks of revisions before it, by their numbers: of the one that was known when it was asked for, and of later ones. */
  readonly marks: ReadonlyMap<number, number>;
}

interface Seen {
  readonly identity: string;
  readonly revision: number;
  readonly mark: number;
}

/** What was known when a question was sent. */
export interface Asked {
  readonly generation: number;
  readonly seen: Seen | undefined;
}

export class Lineage {
  #generation = 1;
  #seen: Seen | undefined;

  asked(): Asked {
    return { generation: this.#generation, seen: this.#seen };
  }

  /** The generation of an answer. */
  place(asked: Asked, state: ShownState): number {
    // Sent before another store was found here: of that one it says nothing.
    if (asked.generation !== this.#generation) return asked.generation;
    if (asked.seen !== undefined && !follows(state, asked.seen)) return this.#begin(state);
    const seen = this.#seen;
    // It is late: a later state came before it.
    if (seen !== undefined && seen !== asked.seen && isLate(state, seen)) return this.#generation;
    if (seen !== undefined && !follows(state, seen)) return this.#begin(state);
    return this.#follow(state);
  }

  #begin(state: Seen): number {
    this.#generation += 1;
    return this.#follow(state);
  }

  #follow({ identity, revision, mark }: Seen): number {
    this.#seen = { identity, revision, mark };
    return this.#generation;
  }
}

function isLate(state: ShownState, seen: Seen): boolean {
  return state.identity === seen.identity && state.revision < seen.revision;
}

/** Whether `seen` is in the past of `state`. Of what the log has lost nobody knows: such a reader starts cold. */
function follows({ identity, revision, mark, marks }: ShownState, seen: Seen): boolean {
  if (identity !== seen.identity || revision < seen.revision) return false;
  if (revision === seen.revision) return mark === seen.mark;
  // A new store is empty, and has no mark yet.
  return seen.revision === 0 || marks.get(seen.revision) === seen.mark;
}
