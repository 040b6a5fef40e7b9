/** What writes of files touch, as the change log takes it. */

import { type CommitEntry, TOUCHED_ALL } from '../acl/ports.js';

/** More than this at once: to drop everything is cheaper for a reader than to drop each. */
const TOUCHED_MAX = 10_000;

/** A commit: its file's path, and every path that it sets grants on. */
export function touchedBy(entry: CommitEntry): readonly string[] {
  return [entry.file.path, ...entry.grants.map((grant) => grant.path)];
}

/** Each once, or everything where they are very many. */
export function eachOrAll(keys: Iterable<string>): readonly string[] {
  const each = new Set(keys);
  return each.size > TOUCHED_MAX ? [TOUCHED_ALL] : [...each];
}
