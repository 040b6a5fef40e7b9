/** Every command by name, in the order of the help. Each is loaded when it is run: `grant` needs no Fastify. */

import type { Command } from './command.js';

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

const entry = (summary: string, load: () => Promise<{ command: Command }>): Entry => ({
  summary,
  load: async () => (await load()).command,
});

export const COMMANDS = {
  up: entry('run nginx and both services on this machine', () => import('./up.js')),
  authorizer: entry('run the authorizer', () => import('./authorizer.js')),
  files: entry('run the files service', () => import('./files.js')),
  grant: entry('allow or deny a principal an action on a path', () => import('./grant.js')),
  revoke: entry('take grants back', () => import('./revoke.js')),
  acl: entry('the grants that bear on a path, nearest first', () => import('./acl.js')),
  check: entry('may this principal do this there? By exit code', () => import('./check.js')),
  explain: entry('the same, with every grant and what became of it', () => import('./explain.js')),
  'who-can': entry('who may do this on a path', () => import('./who-can.js')),
  'what-can': entry('what a principal may do, and where', () => import('./what-can.js')),
  group: entry('stored groups: add, remove, list', () => import('./group.js')),
  suspend: entry('leave a user nothing but what anyone may', () => import('./suspend.js')),
  resume: entry('end a suspension', () => import('./resume.js')),
  token: entry('an access token, for trials and tests', () => import('./token.js')),
  key: entry('API keys for scripts: create, list, revoke', () => import('./key.js')),
  secret: entry('the secrets of access tokens: rotate, list, drop', () => import('./secret.js')),
  link: entry('links that open a file for whoever has them, and revoking them', () => import('./link.js')),
  'sign-out': entry('end the tokens and sessions of a user, or one token', () => import('./sign-out.js')),
  ls: entry('what a folder holds, for the operator or for a principal', () => import('./ls.js')),
  mv: entry('move a file or a folder, with its grants and links', () => import('./mv.js')),
  cp: entry('copy a file, with its grants', () => import('./cp.js')),
  rm: entry('delete a file, or a folder with all that is in it', () => import('./rm.js')),
  quota: entry('how much a user or a folder may hold', () => import('./quota.js')),
  trash: entry('what was removed: list it, restore it, empty it', () => import('./trash.js')),
  expire: entry('say when a file expires', () => import('./expire.js')),
  import: entry('read grants from CSV or JSON Lines, all or none', () => import('./import.js')),
  export: entry('write all grants as CSV or JSON Lines', () => import('./export.js')),
  adopt: entry('register the files that lie below the root already', () => import('./adopt.js')),
  fsck: entry('compare the store with the disk, and mend it', () => import('./fsck.js')),
  backup: entry('copy the store into one file while everything runs', () => import('./backup.js')),
  migrate: entry('copy the store from SQLite into PostgreSQL', () => import('./migrate.js')),
  nginx: entry('print the nginx lines for an existing site', () => import('./nginx.js')),
  config: entry('print the settings in force, secrets masked', () => import('./config.js')),
} as const satisfies Record<string, Entry>;

export type CommandName = keyof typeof COMMANDS;

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
