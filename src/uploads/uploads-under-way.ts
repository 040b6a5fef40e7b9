/**
 * What is on its way, by whom or by what it is for: so many may come as there is room for, so that nobody can fill the
 * disk with what is refused at its end. It lives as long as the uploads do, in this process; what decides is the store,
 * when a file is committed.
 */

/** Of one key, whatever its own limit is. */
export const UNDER_WAY_MAX = 200;

export class UploadsUnderWay {
  readonly #files = new Map<string, number>();

  /**
   * One begins to come. False: with those that are under way there is no room for it.
   *
   * @param key a user, the addresses of nobody, or a file request
   * @param room how many may be under way at most
   */
  begin(key: string, room: number): boolean {
    const files = this.#files.get(key) ?? 0;
    if (files >= Math.min(room, UNDER_WAY_MAX)) return false;
    this.#files.set(key, files + 1);
    return true;
  }

  /** So many have come, or never will. */
  end(key: string, files: number): void {
    const left = (this.#files.get(key) ?? 0) - files;
    if (left > 0) this.#files.set(key, left);
    else this.#files.delete(key);
  }
}
