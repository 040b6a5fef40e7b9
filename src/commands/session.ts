/** An open store for the length of one command, as the owner of the data folder. */

import type { Authorizer } from '../acl/authorizer.js';
import type { AclStore } from '../acl/ports.js';
import { authorizerOver, openStore } from '../assembly.js';
import { enterDataFolder } from '../host/data-folder.js';
import type { Invocation } from './command.js';

export interface Session {
  readonly acl: AclStore;
  readonly authorizer: Authorizer;
}

export async function withStore<T>(
  { config, output }: Invocation,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const folder = enterDataFolder(config, output.note);
  if (folder.isNew) output.note(`made a new data folder: ${config.dataFolder}`);
  const store = openStore(config);
  try {
    return await work({ acl: store.acl, authorizer: authorizerOver(store.facts, config) });
  } finally {
    await store.close();
  }
}
