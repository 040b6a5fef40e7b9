/** The setting of types by folder: `/photos/=image/*;/inbox/=*,!text/html`, each folder as it is in a URL. */

import { decodeResourcePath, isFolder } from '../acl/resource-path.js';
import type { FolderTypes } from '../uploads/folder-types.js';
import { SettingProblem } from './setting-problem.js';
import { list, mediaTypes } from './words.js';

const ANY = '*';
const NOT = '!';

/** @throws SettingProblem */
export function typesByFolder(given: string): readonly FolderTypes[] {
  return given
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map(folderTypes);
}

function folderTypes(given: string): FolderTypes {
  const [, encoded = '', types = ''] = /^(\/.*)=([^=]*)$/.exec(given) ?? [];
  const folder = decodeResourcePath(encoded);
  const words = list(types);
  if (folder === undefined || !isFolder(folder) || words.length === 0) {
    throw new SettingProblem(
      `takes folders with types, such as /photos/=image/*;/inbox/=*,!text/html, not '${given}'`,
    );
  }
  const taken = words.filter((word) => !word.startsWith(NOT));
  const refused = words.filter((word) => word.startsWith(NOT)).map((word) => word.slice(NOT.length));
  if (taken.includes(ANY) && taken.length > 1) {
    throw new SettingProblem(`takes * alone, beside what is refused, not '${given}'`);
  }
  if (taken.length === 0) {
    throw new SettingProblem(`takes what is allowed in a folder, * for all else, not '${given}'`);
  }
  return {
    folder,
    allowed: taken.includes(ANY) ? [] : mediaTypes(taken.join(',')),
    refused: mediaTypes(refused.join(',')),
  };
}
