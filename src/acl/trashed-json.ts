/** What is in the trash as the command line and the HTTP API write it. */

import { formatInstant } from './instant.js';
import type { TrashedFile } from './life-ports.js';

export function trashedJson({ id, path, owner, bytes, grants, removedAt, removedBy }: TrashedFile) {
  return {
    id,
    path: path as string,
    ...(owner !== undefined && { owner: owner as string }),
    bytes,
    grants: grants.length,
    removedAt: formatInstant(removedAt),
    ...(removedBy !== undefined && { removedBy: removedBy as string }),
  };
}
