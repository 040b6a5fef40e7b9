/**
 * What lies below a folder of the storage root, in the byte order of whole paths, in pages: memory does not grow with
 * the tree. It follows no symlink, changes nothing, and tells what it cannot read or nobody can ask for apart from
 * what is not there.
 */

import { isUtf8 } from 'node:buffer';
import { fileIn, parseResourcePath, pathProblem, type ResourcePath } from '../acl/resource-path.js';
import { type FolderName, type NameKind, namesByBytes } from './folder-names.js';
import { isMissing, lookAt } from './found-file.js';
import type { StorageRoot } from './storage-root.js';

export interface TreeFile {
  readonly kind: 'file';
  readonly path: ResourcePath;
  readonly bytes: number;
  readonly modifiedSeconds: number;
}

/** What has a path. A folder comes before all that is in it. */
export type TreeEntry =
  | TreeFile
  | { readonly kind: 'folder'; readonly path: ResourcePath }
  | { readonly kind: 'other'; readonly path: ResourcePath; readonly what: NameKind }
  /** Of a folder nothing more is known, or nothing at all: it comes behind what was read of it. */
  | { readonly kind: 'unreadable'; readonly path: ResourcePath; readonly why: string };

/** A name that is no resource path, so that nobody can ever be allowed it. What is in such a folder is not looked at. */
export interface Unservable {
  readonly kind: 'unservable';
  /** Printable. */
  readonly shown: string;
  readonly why: string;
}

/** Entries in a page, and files whose size is asked for at the same time. */
const PAGE = 1_000;
const LOOKED_AT_ONCE = 64;

type Met = TreeEntry | Unservable | { readonly kind: 'named'; readonly path: ResourcePath };

/** Yields nothing where there is no such folder. */
export async function* walkTree(
  root: StorageRoot,
  folder: ResourcePath,
): AsyncGenerator<readonly (TreeEntry | Unservable)[]> {
  if ((await root.find(folder)) === undefined) return;
  const open = [new OpenFolder(root, folder)];
  let page: Met[] = [{ kind: 'folder', path: folder }];
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    const name = last.take();
    if (name === undefined) {
      const turned = await last.turn();
      if (turned === 'more') continue;
      open.pop();
      if (turned !== 'end') page.push(turned);
    } else {
      const met = meet(last.path, name);
      page.push(met);
      if (met.kind === 'folder') open.push(new OpenFolder(root, met.path));
    }
    if (page.length < PAGE) continue;
    yield await looked(root, page);
    page = [];
  }
  yield await looked(root, page);
}

/** A folder that is being read. */
class OpenFolder {
  readonly #pages: AsyncGenerator<readonly FolderName[]>;
  #names: readonly FolderName[] = [];
  #next = 0;

  readonly path: ResourcePath;

  constructor(root: StorageRoot, path: ResourcePath) {
    this.#pages = namesByBytes(root.diskPath(path));
    this.path = path;
  }

  take(): FolderName | undefined {
    const name = this.#names[this.#next];
    this.#next += 1;
    return name;
  }

  async turn(): Promise<'more' | 'end' | TreeEntry | Unservable> {
    try {
      const { value, done } = await this.#pages.next();
      if (done === true) return 'end';
      [this.#names, this.#next] = [value, 0];
      return 'more';
    } catch (error) {
      return notSeen(this.path, error) ?? 'end';
    }
  }
}

function meet(folder: ResourcePath, { bytes, kind }: FolderName): Met {
  const raw = Buffer.from(bytes, 'latin1');
  const name = raw.toString();
  const slash = kind === 'folder' ? '/' : '';
  if (!isUtf8(raw))
    return { kind: 'unservable', shown: printable(folder, raw) + slash, why: 'it is not UTF-8' };
  const file = fileIn(folder, name);
  const path = file === undefined ? undefined : parseResourcePath(file + slash);
  if (path === undefined) {
    const why = pathProblem(folder + name + slash) ?? 'it is no name';
    return { kind: 'unservable', shown: printable(folder, raw) + slash, why };
  }
  if (kind === 'file') return { kind: 'named', path };
  return kind === 'folder' ? { kind, path } : { kind: 'other', path, what: kind };
}

async function looked(root: StorageRoot, page: readonly Met[]): Promise<readonly (TreeEntry | Unservable)[]> {
  const entries: (TreeEntry | Unservable)[] = [];
  for (let i = 0; i < page.length; i += LOOKED_AT_ONCE) {
    const batch = page.slice(i, i + LOOKED_AT_ONCE);
    const found = await Promise.all(batch.map((met) => (met.kind === 'named' ? look(root, met.path) : met)));
    entries.push(...found.filter((entry) => entry !== undefined));
  }
  return entries;
}

/** `undefined`: it is not there any more, or became something else: whoever asks for it looks again. */
async function look(root: StorageRoot, path: ResourcePath): Promise<TreeEntry | Unservable | undefined> {
  try {
    const found = await lookAt(root.diskPath(path));
    return found?.kind === 'file' ? { ...found, kind: 'file', path } : undefined;
  } catch (error) {
    return notSeen(path, error);
  }
}

function notSeen(path: ResourcePath, error: unknown) {
  if (isMissing(error)) return undefined;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENAMETOOLONG') {
    return {
      kind: 'unservable',
      shown: path,
      why: 'with the root before it it is too long for the disk',
    } as const;
  }
  return { kind: 'unreadable', path, why: code ?? message } as const;
}

/** A stranger's name is not to reach the terminal as a command: controls and what is not UTF-8 are written as escapes. */
function printable(folder: ResourcePath, name: Buffer): string {
  if (!isUtf8(name)) return folder + name.toString('latin1').replaceAll(/[^ -~]/g, escaped);
  return folder + name.toString().replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, escaped);
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
