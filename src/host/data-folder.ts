/**
 * The data folder, and whose it is (DESIGN §11): services, nginx's workers and the CLI all work as the folder's
 * owner. Started as root, a new folder is given to an unprivileged account, and every process drops to it.
 *
 * Everything inside is then named relative to the folder, which is the process's working directory: a unix
 * socket's path may have only 107 bytes.
 */

import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.js';
import { type Account, accountNamed, accountOf } from './account.js';

/** Who the services are when root starts them: the account of Debian's nginx, else the one that owns nothing. */
const SERVICE_ACCOUNTS = ['www-data', 'nginx', 'nobody'];
const FOLDER_MODE = 0o750;

export type Warn = (message: string) => void;

export interface DataFolder {
  readonly owner: Account;
  /** It did not exist, or was empty. */
  readonly isNew: boolean;
}

/**
 * Makes the folder where it is missing, and says so: a --data that is forgotten or misspelt would else answer for
 * the one that is meant. Settles whose it is, and goes into it. Root stays root.
 */
export function openDataFolder(config: Config, warn: Warn): DataFolder {
  const root = process.getuid?.() === 0;
  const isNew = goInto(config, warn, root);
  const found = statSync('.');
  const owner = accountOf(found.uid) ?? { name: String(found.uid), uid: found.uid, gid: found.gid };
  process.umask(0o027);
  for (const part of ['run', 'store', 'partial']) makePart(part, root ? owner : undefined);
  if (isNew) warn(`made a new data folder: ${config.dataFolder}`);
  return { owner, isNew };
}

/** Answers whether the folder is new. */
function goInto(config: Config, warn: Warn, root: boolean): boolean {
  const folder = config.dataFolder;
  try {
    const made = mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    const isNew = made !== undefined || readdirSync(folder).length === 0;
    if (root && isNew && statSync(folder).uid === 0) giveAway(config, warn);
    process.chdir(folder);
    return isNew;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'it is no folder' : message;
    throw new Error(`${folder} cannot be the data folder: ${why}; name another one with --data`);
  }
}

/** Goes into the folder as its owner, for good. */
export function enterDataFolder(config: Config, warn: Warn): DataFolder {
  const folder = openDataFolder(config, warn);
  const { uid, gid } = folder.owner;
  if (process.getuid?.() === 0 && uid !== 0) {
    process.setgroups?.([gid]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  }
  return folder;
}

function giveAway(config: Config, warn: Warn): void {
  const account = serviceAccount(config);
  if (account === undefined || account.uid === 0) return;
  const blocked = foldersAbove(config.dataFolder).find((folder) => !mayEnter(folder, account));
  if (blocked !== undefined) {
    warn(
      `running as root: ${account.name} cannot enter ${blocked}; put the data where it can, for example --data /var/lib/latchkey`,
    );
    return;
  }
  chownSync(config.dataFolder, account.uid, account.gid);
}

function serviceAccount(config: Config): Account | undefined {
  const wanted = config.serviceUser;
  if (wanted === undefined)
    return SERVICE_ACCOUNTS.map(accountNamed).find((account) => account !== undefined);
  const account = accountNamed(wanted);
  if (account === undefined)
    throw new Error(`LATCHKEY_USER names ${wanted}, and this machine has no such user`);
  return account;
}

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [...foldersAbove(above), above];
}

/** Whether the account may pass through: the permission bits, without access lists. */
function mayEnter(folder: string, account: Account): boolean {
  const { mode, uid, gid } = statSync(folder);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === account.gid ? 0o010 : 0o001)) !== 0;
}

/** Makes a folder where it is missing. @param owner whom root gives it to */
export function makePart(part: string, owner: Account | undefined): void {
  const made = mkdirSync(part, { recursive: true, mode: FOLDER_MODE });
  if (made === undefined || owner === undefined) return;
  chownSync(part, owner.uid, owner.gid);
  chmodSync(part, FOLDER_MODE);
}
