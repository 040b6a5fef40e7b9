/** A progress bar on standard error, where that is a terminal; elsewhere nothing. */

const WIDTH = 30;
const REDRAW_MS = 100;

export class Progress {
  readonly #total: number | undefined;
  readonly #began = performance.now();
  #drawnAt = 0;

  /** @param total what `done` runs up to; `undefined` when nobody knows */
  constructor(total: number | undefined) {
    this.#total = total;
  }

  update(done: number, rows: number): void {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const rate = Math.round(rows / Math.max((now - this.#began) / 1000, 0.001));
    const counts = `${rows.toLocaleString('en')} rows, ${rate.toLocaleString('en')} a second`;
    process.stderr.write(`\r${this.#bar(done)}${counts} `);
  }

  end(): void {
    if (process.stderr.isTTY && this.#drawnAt > 0) process.stderr.write('\r\u001b[K');
    this.#drawnAt = 0;
  }

  #bar(done: number): string {
    if (this.#total === undefined || this.#total === 0) return '';
    const part = Math.min(done / this.#total, 1);
    const filled = Math.round(part * WIDTH);
    return `[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %  `;
  }
}
