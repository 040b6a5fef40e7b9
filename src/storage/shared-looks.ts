/**
 * A question that many have at once, such as a receipt for each of a hundred deletions: one is under way at a time, and all
 * who have come meanwhile share the next. Nobody is given what began before they asked.
 */

export class SharedLooks<T> {
  readonly #look: () => Promise<T>;
  #underWay: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** @throws what the look throws */
  ask(): Promise<T> {
    this.#next ??= this.#behind(this.#underWay);
    return this.#next;
  }

  async #behind(before: Promise<T> | undefined): Promise<T> {
    await before?.catch(() => {}); // whoever asked for that one hears of it
    this.#next = undefined;
    this.#underWay = this.#look();
    return this.#underWay;
  }
}
