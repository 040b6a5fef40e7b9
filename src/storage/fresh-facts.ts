/**
 * The facts of a store on another machine, with a bound on how old they may be (DESIGN §6).
 *
 * `version` stays the same while no later revision was heard of and what is known was true not longer than
 * `stalenessMaxMs` ago; then, and only then, may a cache answer by itself. It knows no driver and starts no timer:
 * whoever opens it polls (`repeat.ts`) and tells it what the change feed said.
 */

import { NotKnown } from '../acl/errors.js';
import { ANNOUNCEMENT_KEPT_MS, type Followed } from '../acl/fleet-ports.js';
import type { Awaitable, FactsLoad, FactsQuery, FactsSource } from '../acl/ports.js';

/** Both in milliseconds; only differences count. */
export interface Clocks {
  /** Never goes back, and may stand still while the machine is suspended. */
  monotonic(): number;
  /** Goes on while the machine is suspended, and may be set. */
  wall(): number;
}

export interface FreshFactsOptions {
  readonly stalenessMaxMs: number;
  readonly clocks: Clocks;
  /** Told when the store has answered with another revision than the one known: `revision` is the new one. */
  readonly onRevision?: () => void;
}

/** By both clocks. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** When a question was sent, in the order of questions and by both clocks. */
interface Sent extends Moment {
  readonly order: number;
}

/** How often a question is asked whose answer is too old when it comes. */
const ATTEMPTS_MAX = 2;

/** Whoever is not announced is not waited for by who takes a right away: well before that it asks the store itself. */
const UNANNOUNCED_MAX_MS = ANNOUNCEMENT_KEPT_MS / 2;

const NOTHING = -1;
/** No cache is true at this version: it is never answered. */
const NO_VERSION = -1;

export class FreshFacts implements FactsSource {
  readonly #source: Pick<FactsSource, 'load'>;
  readonly #stalenessMaxMs: number;
  readonly #clocks: Clocks;
  readonly #onRevision: () => void;
  /** Of what is known: another one with each revision, each hearing, and each question while that is too old. */
  #version = 0;
  #generation = NOTHING;
  #revision = NOTHING;
  #mark: number | undefined;
  /** A revision that somebody told of and the store has not: what is known is trusted no more. */
  #heard = NOTHING;
  #heardAfter = 0;
  #sent = 0;
  /** What is known was true when the latest question was sent that was answered: the answer may be as old as that. */
  #answered = 0;
  #true: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };
  #announced: Moment | undefined;

  constructor(source: Pick<FactsSource, 'load'>, options: FreshFactsOptions) {
    this.#source = source;
    this.#stalenessMaxMs = options.stalenessMaxMs;
    this.#clocks = options.clocks;
    this.#onRevision = options.onRevision ?? (() => undefined);
  }

  /** The last one that the store answered with: no decision is made from before it. -1: it has not answered yet. */
  get revision(): number {
    return this.#revision;
  }

  get followed(): Followed {
    return { revision: this.#revision, mark: this.#mark };
  }

  /**
   * How old what is known may be, in milliseconds; Infinity before the first answer. By the clock that says more: a
   * suspended machine stops the one, and setting the other back must not make anything younger.
   */
  ageMs(): number {
    return this.#msSince(this.#true);
  }

  now(): Moment {
    return { monotonic: this.#clocks.monotonic(), wall: this.#clocks.wall() };
  }

  /** The store was told that this process decides by it. Whoever never says so is never asked about it. */
  announced(sent: Moment): void {
    this.#announced = sent;
  }

  /** On the path of every decision: each clock is read once, nothing is allocated. */
  version(): number {
    const monotonic = this.#clocks.monotonic();
    const wall = this.#clocks.wall();
    const isTooOld = msBetween(this.#true, monotonic, wall) > this.#stalenessMaxMs;
    const announced = this.#announced;
    const isForgotten = announced !== undefined && msBetween(announced, monotonic, wall) > UNANNOUNCED_MAX_MS;
    if (isTooOld || isForgotten) this.#version += 1;
    return this.#version;
  }

  #msSince(moment: Moment): number {
    return msBetween(moment, this.#clocks.monotonic(), this.#clocks.wall());
  }

  /** Somebody says that the store has this revision. A lie costs one question. False: that is nothing new. */
  hear(revision: number): boolean {
    if (!Number.isSafeInteger(revision) || revision <= this.#revision || revision === this.#heard)
      return false;
    // One that is lower than a lie may be true, and have come after the question that finds the lie out.
    this.#heard = Math.max(this.#heard, revision);
    this.#heardAfter = this.#sent;
    this.#version += 1;
    return true;
  }

  /** What it brings was true not longer ago than the bound. @throws NotKnown */
  load(query: FactsQuery): Awaitable<FactsLoad> {
    return this.#ask(query, 1);
  }

  /** Asks where the store is, and for nothing else. @throws NotKnown */
  async poll(): Promise<void> {
    await this.load({ paths: [], user: undefined, since: this.#revision, generation: this.#generation });
  }

  #ask(query: FactsQuery, attempt: number): Awaitable<FactsLoad> {
    const sent = this.#stamp();
    const answer = (loaded: FactsLoad) => {
      const learned = this.#learn(loaded, sent);
      if (this.#msSince(sent) <= this.#stalenessMaxMs) return learned;
      // This process was stopped while it waited, or the store is slow.
      if (attempt >= ATTEMPTS_MAX) throw new NotKnown('store-unavailable', 'the store answers too late');
      return this.#ask(query, attempt + 1);
    };
    const loaded = this.#source.load(query);
    return loaded instanceof Promise ? loaded.then(answer) : answer(loaded);
  }

  #stamp(): Sent {
    this.#sent += 1;
    return { order: this.#sent, ...this.now() };
  }

  #learn(loaded: FactsLoad, sent: Sent): FactsLoad {
    if (loaded.generation < this.#generation) return { ...loaded, version: NO_VERSION };
    const isLater = loaded.generation > this.#generation || loaded.revision > this.#revision;
    if (loaded.generation > this.#generation) this.#heard = NOTHING;
    if (isLater) {
      this.#generation = loaded.generation;
      this.#revision = loaded.revision;
      this.#mark = loaded.mark;
      this.#version += 1;
    }
    // A commit returns before it is told of. Whoever was asked after that and has not seen it: there is none.
    if (this.#revision >= this.#heard || sent.order > this.#heardAfter) this.#heard = NOTHING;
    // An answer with an earlier revision confirms too: what is known came after it.
    if (sent.order > this.#answered) {
      this.#answered = sent.order;
      this.#true = sent;
    }
    if (isLater) this.#onRevision();
    const isKnown = loaded.revision === this.#revision && this.#heard === NOTHING;
    return { ...loaded, version: isKnown ? this.#version : NO_VERSION };
  }
}

function msBetween(moment: Moment, monotonic: number, wall: number): number {
  return Math.max(monotonic - moment.monotonic, wall - moment.wall);
}
