/**
 * A play for `playAll`: readers of a cache over fresh facts, a store that answers later, a change feed that tells
 * late, twice, in the wrong order or never, polls, and a clock that the play moves. It knows what each read may tell.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Facts } from '../../src/acl/ports.js';
import type { Principal } from '../../src/acl/principal.js';
import type { ResourcePath } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { FreshFacts } from '../../src/storage/fresh-facts.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { plainFacts } from './given.js';
import type { Scene } from './interleavings.js';
import { type Answer, stateOf, type Write } from './reader-scene.js';
import { answeredAtOnce, RemoteSource, type SnapshotTaken } from './remote-source.js';

export const BOUND_MS = 2_000;

export interface FreshPlay {
  readonly user: Principal;
  readonly path: ResourcePath;
  readonly given: readonly Write[];
  readonly writes: readonly Write[];
  readonly taken: SnapshotTaken;
  /** Of each reader, how often it asks. */
  readonly readers: readonly number[];
  /** What the feed tells, each some time after its write: its number from 0, so that [1, 0, 0] is late and double. */
  readonly told: readonly number[];
  readonly polls: number;
  /** By how much the clock goes on, once each, in this order. */
  readonly passing: readonly number[];
}

interface Reader {
  readonly who: string;
  left: number;
  waiting: boolean;
}

export class FreshScene implements Scene {
  readonly #play: FreshPlay;
  readonly #complaints: string[];
  readonly #store = openMemoryStore();
  readonly #source: RemoteSource;
  readonly #fresh: FreshFacts;
  readonly #cache: CachedReader;
  readonly #readers: readonly Reader[];
  /** What a read finds after each number of writes. */
  readonly #states: Answer[] = [];
  /** Of each write that has returned: when, and its revision. */
  readonly #returned: { readonly at: number; readonly revision: number }[] = [];
  readonly #story: string[] = [];
  readonly #untold: number[];
  readonly #passing: number[];
  #polls: number;
  #heard = 0;
  #now = 0;

  private constructor(play: FreshPlay, complaints: string[]) {
    this.#play = play;
    this.#complaints = complaints;
    this.#source = new RemoteSource(this.#store.facts, play.taken);
    const clock = () => this.#now;
    this.#fresh = new FreshFacts(this.#source, {
      stalenessMaxMs: BOUND_MS,
      clocks: { monotonic: clock, wall: clock },
    });
    this.#cache = new CachedReader(this.#fresh, { bytesMax: 1024 * 1024 });
    this.#readers = play.readers.map((left, i) => ({ who: `reader ${i}`, left, waiting: false }));
    this.#untold = [...play.told];
    this.#passing = [...play.passing];
    this.#polls = play.polls;
  }

  /** The cache is warm: all was asked before. */
  static async open(play: FreshPlay, complaints: string[]): Promise<FreshScene> {
    const scene = new FreshScene(play, complaints);
    for (const write of play.given) await write(scene.#store);
    scene.#states.push(await scene.#state());
    await scene.#readNow();
    return scene;
  }

  possible(): (() => void)[] {
    const next = this.#play.writes[this.#returned.length];
    const [passing] = this.#passing;
    return [
      ...(next === undefined ? [] : [() => this.#write(next)]),
      ...this.#untold.filter((n) => n < this.#returned.length).map((n) => () => this.#tell(n)),
      ...(this.#polls === 0 ? [] : [() => this.#poll()]),
      ...(passing === undefined ? [] : [() => this.#pass(passing)]),
      ...this.#readers
        .filter(({ left, waiting }) => left > 0 && !waiting)
        .map((one) => () => this.#read(one)),
      ...this.#source.steps(),
    ];
  }

  /** Whatever was lost: behind the bound there is one state, and it is read from memory as soon as it is known. */
  async finish(): Promise<void> {
    for (const { who } of this.#readers.filter(({ waiting }) => waiting)) this.#complain(`${who} waits`);
    this.#judge('a late reader', await this.#readNow(), this.#floor());
    this.#now += BOUND_MS + 1;
    this.#judge('a reader behind the bound', await this.#readNow(), this.#returned.length);
    this.#now += BOUND_MS;
    if (this.#cache.read(this.#play.path, this.#play.user) instanceof Promise) {
      this.#complain('what was asked for within the bound is asked for again');
    }
  }

  /** How many writes a read that begins now has to know. */
  #floor(): number {
    return Math.max(this.#old(), this.#heard);
  }

  /** How many writes nobody may be told the state before, whenever they asked. */
  #old(): number {
    return this.#returned.filter(({ at }) => this.#now - at > BOUND_MS).length;
  }

  // In memory a write is done when the call returns.
  #write(write: Write): void {
    void write(this.#store);
    this.#returned.push({ at: this.#now, revision: this.#store.facts.version() });
    void this.#state().then((state) => this.#states.push(state));
    this.#story.push(`write ${this.#returned.length} returns`);
  }

  #tell(n: number): void {
    this.#untold.splice(this.#untold.indexOf(n), 1);
    this.#fresh.hear(this.#returned[n]?.revision ?? 0);
    this.#heard = Math.max(this.#heard, n + 1);
    this.#story.push(`it hears of write ${n + 1}`);
  }

  #poll(): void {
    this.#polls -= 1;
    this.#story.push('a poll goes out');
    void this.#fresh.poll().then(() => this.#story.push('a poll is answered'));
  }

  #pass(ms: number): void {
    this.#passing.shift();
    this.#now += ms;
    this.#story.push(`${ms} ms pass`);
  }

  #read(one: Reader): void {
    one.left -= 1;
    one.waiting = true;
    const floor = this.#floor();
    this.#story.push(`${one.who} asks`);
    const heard = (facts: Facts) => {
      one.waiting = false;
      this.#judge(one.who, facts, Math.max(floor, this.#old()));
    };
    const facts = this.#cache.read(this.#play.path, this.#play.user);
    if (facts instanceof Promise) facts.then(heard).catch((error) => this.#complain(String(error)));
    else heard(facts);
  }

  #judge(who: string, facts: Facts, floor: number): void {
    const answer = plainFacts(facts);
    const told = this.#states.findLastIndex((state) => isDeepStrictEqual(state, answer));
    this.#story.push(`${who} hears of state ${told}`);
    if (told < floor) this.#complain(`it had to be ${floor} at least`);
  }

  #complain(what: string): void {
    this.#complaints.push(`${this.#story.join(', ')}: ${what}`);
  }

  #state(): Promise<Answer> {
    return stateOf(this.#store, this.#play.path, this.#play.user);
  }

  /** A read whose loads are answered at once. */
  async #readNow(): Promise<Facts> {
    return answeredAtOnce(this.#cache.read(this.#play.path, this.#play.user), this.#source);
  }
}
