/**
 * A play for `playAll`: two readers of one cache, two writes to the store behind it, and a store that answers
 * later. It knows what each read may tell, and collects complaints, since there are thousands of orders.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Facts, Store } from '../../src/acl/ports.js';
import type { Principal } from '../../src/acl/principal.js';
import { pathChain, type ResourcePath } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { load, plainFacts } from './given.js';
import type { Scene } from './interleavings.js';
import { answeredAtOnce, RemoteSource, type SnapshotTaken } from './remote-source.js';

/** In memory a write is done when the call returns, except an import. */
export type Write = (store: Store) => Promise<unknown>;

export interface Play {
  readonly user: Principal;
  readonly given: readonly Write[];
  readonly writes: readonly Write[];
  readonly taken: SnapshotTaken;
  /** Of each reader, what it asks for, one after the other. */
  readonly asked: readonly (readonly ResourcePath[])[];
  /** All that is asked was asked before all of this: the cache knows the state at the start. */
  readonly warm: boolean;
}

interface Reader {
  readonly who: string;
  readonly left: ResourcePath[];
  waiting: boolean;
}

export type Answer = ReturnType<typeof plainFacts>;

export async function stateOf(store: Store, asked: ResourcePath, user: Principal): Promise<Answer> {
  const { paths, standing } = await load(store, { paths: pathChain(asked), user });
  return plainFacts({ chain: paths, standing: standing ?? { groups: [], suspended: false } });
}

export class ReaderScene implements Scene {
  readonly #play: Play;
  readonly #store = openMemoryStore();
  readonly #source: RemoteSource;
  readonly #reader: CachedReader;
  readonly #readers: readonly Reader[];
  /** Of each path, the facts after each number of writes: what a read may tell. */
  readonly #states = new Map<ResourcePath, Answer[]>();
  readonly #story: string[] = [];
  readonly #complaints: string[];
  #begun = 0;
  #returned = 0;

  private constructor(play: Play, complaints: string[]) {
    this.#play = play;
    this.#complaints = complaints;
    this.#source = new RemoteSource(this.#store.facts, play.taken);
    this.#reader = new CachedReader(this.#source, { bytesMax: 1024 * 1024 });
    this.#readers = play.asked.map((asked, i) => ({ who: `reader ${i}`, left: [...asked], waiting: false }));
  }

  static async open(play: Play, complaints: string[]): Promise<ReaderScene> {
    const scene = new ReaderScene(play, complaints);
    for (const write of play.given) await write(scene.#store);
    await scene.#remember();
    if (play.warm) for (const path of scene.#paths()) await scene.#readNow(path);
    return scene;
  }

  possible(): (() => void)[] {
    const next = this.#begun === this.#returned ? this.#play.writes[this.#begun] : undefined;
    return [
      ...(next === undefined ? [] : [() => void this.#write(next)]),
      ...this.#readers
        .filter((one) => one.left.length > 0 && !one.waiting)
        .map((one) => () => this.#read(one)),
      ...this.#source.steps(),
    ];
  }

  async finish(): Promise<void> {
    for (const one of this.#readers.filter((reader) => reader.waiting)) {
      this.#complaints.push(`${one.who} was never answered: ${this.#story.join(', ')}`);
    }
    for (const path of [...this.#paths(), ...this.#paths()]) {
      this.#judge(`a late reader of ${path}`, path, await this.#readNow(path), this.#returned);
    }
  }

  #paths(): Set<ResourcePath> {
    return new Set(this.#play.asked.flat());
  }

  async #remember(): Promise<void> {
    for (const path of this.#paths()) {
      const state = await stateOf(this.#store, path, this.#play.user);
      this.#states.set(path, [...(this.#states.get(path) ?? []), state]);
    }
  }

  async #write(write: Write): Promise<void> {
    this.#begun += 1;
    await write(this.#store);
    await this.#remember();
    this.#returned += 1;
    this.#story.push(`write ${this.#returned} returns`);
  }

  #read(one: Reader): void {
    const path = one.left.shift();
    if (path === undefined) return;
    const since = this.#returned;
    this.#story.push(`${one.who} asks for ${path}`);
    one.waiting = true;
    const heard = (facts: Facts) => {
      one.waiting = false;
      this.#judge(one.who, path, facts, since);
    };
    const facts = this.#reader.read(path, this.#play.user);
    if (facts instanceof Promise) {
      facts.then(heard).catch((error) => this.#complaints.push(`${this.#story.join(', ')}: ${error}`));
    } else {
      heard(facts);
    }
  }

  /** A read tells of one state, no older than the last write that had returned when it began. */
  #judge(who: string, path: ResourcePath, facts: Facts, since: number): void {
    const answer = plainFacts(facts);
    const states = this.#states.get(path) ?? [];
    const told = states.findLastIndex((state) => isDeepStrictEqual(state, answer));
    this.#story.push(`${who} hears of state ${told}`);
    if (told < since) this.#complaints.push(this.#story.join(', '));
  }

  /** A read whose loads are answered at once. */
  async #readNow(path: ResourcePath): Promise<Facts> {
    return answeredAtOnce(this.#reader.read(path, this.#play.user), this.#source);
  }
}
