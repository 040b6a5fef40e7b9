import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { storageRootOf } from '../assembly/foundations.js';
import type { Invocation } from './command.js';

/** `/team` where `/team/` was meant names a file, and reaches nothing that is in the folder. */
export async function warnOfFolder({ config, output }: Invocation, path: ResourcePath): Promise<void> {
  if (isFolder(path)) return;
  const found = await storageRootOf(config).find(path);
  if (found?.kind === 'folder') output.note(`${path} is a folder: did you mean ${path}/ ?`);
}
