/** Tells of an outage once when it begins and once when it is over, however often it is met in between. */

export interface OutageListener {
  readonly onLost: (error: unknown) => void;
  readonly onFound: () => void;
}

export class Outage {
  readonly #listener: OutageListener;
  #isOn = false;

  constructor(listener: OutageListener) {
    this.#listener = listener;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  met(error: unknown): void {
    if (!this.#isOn) this.#listener.onLost(error);
    this.#isOn = true;
  }

  over(): void {
    if (this.#isOn) this.#listener.onFound();
    this.#isOn = false;
  }
}
