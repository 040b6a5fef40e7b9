/** What a commit touches: its file's path, and every path that it sets grants on. */

import type { CommitEntry } from '../acl/ports.js';

export function touchedBy(entry: CommitEntry): readonly string[] {
  return [entry.file.path, ...entry.grants.map((grant) => grant.path)];
}
