/**
 * A process that decides from memory by a store of many: it announces itself before its first load, so that whoever
 * takes a right away either sees it or is seen by it; then it polls, listens, and says how far it has followed. It leaves
 * when it decides no more.
 */

import type { Announcements, AuthorizerName } from '../acl/fleet-ports.js';
import type { FactsSource } from '../acl/ports.js';
import type { ChangeFeed } from './change-feed/change-feed.js';
import { type Clocks, FreshFacts } from './fresh-facts.js';
import type { OutageListener } from './outage.js';
import { type Repeated, repeat } from './repeat.js';

/** So that three may be lost before what is known is too old. */
const POLLS_A_BOUND = 4;
/** However quickly revisions come, they are written no more often. */
const ANNOUNCE_GAP_MS = 10;

export interface FleetMemberDeps {
  readonly self: AuthorizerName;
  readonly source: Pick<FactsSource, 'load'>;
  readonly announcements: Announcements;
  readonly feed: ChangeFeed;
  readonly clocks: Clocks;
  /** Whether a process of the same place runs. */
  readonly isThere: (pid: number) => boolean;
}

export class FleetMember {
  readonly facts: FreshFacts;
  readonly #deps: FleetMemberDeps;
  readonly #loops: Repeated[] = [];

  private constructor(deps: FleetMemberDeps) {
    this.#deps = deps;
    const { stalenessMaxMs } = deps.self;
    this.facts = new FreshFacts(deps.source, {
      stalenessMaxMs,
      clocks: deps.clocks,
      onRevision: () => this.#loops[1]?.hurry(),
    });
  }

  /** @throws NotKnown */
  static async join(deps: FleetMemberDeps): Promise<FleetMember> {
    const { self, announcements, isThere } = deps;
    for (const { id, place, pid } of await announcements.authorizers()) {
      // It ended without a word, and this one has its place.
      if (place === self.place && (pid === self.pid || !isThere(pid))) await announcements.withdraw(id);
    }
    const member = new FleetMember(deps);
    await member.#announce();
    return member;
  }

  get isListening(): boolean {
    return this.#deps.feed.isListening;
  }

  /** @param outages told of the polls, and of the announcements */
  start(outages: { readonly polls: OutageListener; readonly announcements: OutageListener }): void {
    const { self, feed } = this.#deps;
    const everyMs = self.stalenessMaxMs / POLLS_A_BOUND;
    const patienceMs = self.stalenessMaxMs;
    const polls = repeat(() => this.facts.poll(), { everyMs, gapMs: 0, patienceMs, ...outages.polls });
    const announced = repeat(() => this.#announce(), {
      everyMs,
      gapMs: ANNOUNCE_GAP_MS,
      patienceMs,
      ...outages.announcements,
    });
    this.#loops.push(polls, announced);
    feed.listen({
      onRevision: (revision) => {
        if (this.facts.hear(revision)) polls.hurry();
      },
      onListening: () => polls.hurry(),
    });
  }

  /** This process has committed it: what is read next is no older. */
  committed(revision: number): void {
    this.facts.hear(revision);
    this.#deps.feed.publish(revision);
    this.#loops[0]?.hurry();
  }

  async #announce(): Promise<void> {
    const { self, announcements } = this.#deps;
    const sent = this.facts.now();
    await announcements.announce(self, this.facts.followed);
    this.facts.announced(sent);
  }

  /** When it answers nobody any more. */
  async leave(): Promise<void> {
    // An announcement that is under way would come behind the farewell, and stay for nobody.
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await this.#deps.feed.close();
    await this.#deps.announcements.withdraw(this.#deps.self.id).catch(() => {}); // then it is named as not seen
  }
}
