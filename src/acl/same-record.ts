/** Whether a record is still the one that was read. */

import type { FileRecord } from './ports.js';

export function isSameRecord(a: FileRecord | undefined, b: FileRecord | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.path === b.path && a.owner === b.owner && a.bytes === b.bytes && a.updatedAt === b.updatedAt;
}
