/**
 * Files that are on their way to file requests: so many may come as there is room for, so that strangers cannot fill
 * the disk with what is refused at its end. It lives as long as the uploads do, in this process; what decides is the
 * store, when a file is committed.
 */

/** To one request, whatever its own limit is. */
export const UNDER_WAY_MAX = 200;

export class UploadsUnderWay {
  readonly #files = new Map<string, number>();

  /**
   * A file begins to come. False: with those that are under way there is no room for it.
   *
   * @param room how many more the request takes
   */
  begin(linkId: string, room: number): boolean {
    const files = this.#files.get(linkId) ?? 0;
    if (files >= Math.min(room, UNDER_WAY_MAX)) return false;
    this.#files.set(linkId, files + 1);
    return true;
  }

  /** So many have come, or never will. */
  end(linkId: string, files: number): void {
    const left = (this.#files.get(linkId) ?? 0) - files;
    if (left > 0) this.#files.set(linkId, left);
    else this.#files.delete(linkId);
  }
}
