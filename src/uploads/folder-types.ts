/**
 * Which rules of types hold at a path: those of the nearest folder that has some, else the site's. What the site refuses
 * is refused everywhere. Pure; the operator's settings are parsed elsewhere.
 */

import { isIn } from '../acl/path-range.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { matches, type TypeRules } from './media-types.js';

export interface FolderTypes extends TypeRules {
  readonly folder: ResourcePath;
}

export interface SiteTypes extends TypeRules {
  /** In place of what the site allows, and beside what it refuses. */
  readonly folders?: readonly FolderTypes[];
}

export class TypesByFolder {
  readonly #site: TypeRules;
  /** The nearest first. */
  readonly #folders: readonly FolderTypes[];

  constructor({ folders = [], ...site }: SiteTypes) {
    this.#site = site;
    this.#folders = folders
      .map((one) => ({ ...one, refused: [...site.refused, ...one.refused] }))
      .sort((a, b) => b.folder.length - a.folder.length);
  }

  /** The same object for paths to which the same holds. */
  at(path: ResourcePath): TypeRules {
    return this.#folders.find(({ folder }) => isIn(path, folder)) ?? this.#site;
  }

  /** Whether to what is taken at one place something else holds at the other; of a folder, to anything in it. */
  differ(from: ResourcePath, to: ResourcePath): boolean {
    if (this.at(from) !== this.at(to)) return true;
    const isInside = ({ folder }: FolderTypes) =>
      [from, to].some((path) => isFolder(path) && isIn(folder, path));
    return this.#folders.some((one) => one !== this.at(from) && isInside(one));
  }
}

/** What of the rules can never hold, as clauses. */
export function typeContradictions({ folders = [], ...site }: SiteTypes): readonly string[] {
  const problems = [...clashes(site.allowed, site.refused).map((type) => `${type} is allowed, and refused`)];
  for (const [i, { folder, allowed, refused }] of folders.entries()) {
    if (folders.findIndex((other) => other.folder === folder) < i) problems.push(`${folder} is named twice`);
    for (const type of clashes(allowed, refused))
      problems.push(`${type} is allowed in ${folder}, and refused`);
    for (const type of clashes(allowed, site.refused)) {
      problems.push(`${type} is allowed in ${folder}, and refused everywhere`);
    }
  }
  return problems;
}

/** Those that are allowed and of which all is refused; to refuse a part of what is allowed is what refusing is for. */
function clashes(allowed: readonly string[], refused: readonly string[]): readonly string[] {
  return allowed.filter((type) => matches(refused, type));
}
