/** A progress bar on standard error, where that is a terminal; elsewhere nothing. */

const WIDTH = 30;
const REDRAW_MS = 100;

export class Progress {
  readonly #total: number | undefined;
  readonly #what: string;
  readonly #began = performance.now();
  #drawnAt: number | undefined;

  /**
   * @param total what `done` runs up to; `undefined` when nobody knows
   * @param what is counted beside it
   */
  constructor(total: number | undefined, what = 'rows') {
    this.#total = total;
    this.#what = what;
  }

  /** Whether anybody sees it: what only it needs is not to be found out for nothing. */
  static get isShown(): boolean {
    return process.stderr.isTTY;
  }

  update(done: number, rows: number): void {
    const now = performance.now();
    if (!Progress.isShown || (this.#drawnAt !== undefined && now - this.#drawnAt < REDRAW_MS)) return;
    this.#drawnAt = now;
    const seconds = Math.max((now - this.#began) / 1000, 0.001);
    const rate = Math.round(rows / seconds);
    const counts = `${rows.toLocaleString('en')} ${this.#what}, ${rate.toLocaleString('en')} a second`;
    process.stderr.write(`\r${this.#bar(done)}${counts}${this.#rest(done, seconds)} \u001b[K`);
  }

  end(): void {
    if (this.#drawnAt !== undefined) process.stderr.write('\r\u001b[K');
    this.#drawnAt = undefined;
  }

  #rest(done: number, seconds: number): string {
    if (this.#total === undefined || done === 0) return '';
    const rest = Math.round((seconds * Math.max(this.#total - done, 0)) / done);
    return `, ${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, '0')} left`;
  }

  #bar(done: number): string {
    if (this.#total === undefined || this.#total === 0) return '';
    const part = Math.min(done / this.#total, 1);
    const filled = Math.round(part * WIDTH);
    return `[${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %  `;
  }
}
