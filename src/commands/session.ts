/** An open store for the length of one command, as the owner of the data folder. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Authorizer } from '../acl/authorizer.js';
import type { SignedUrlStore } from '../acl/link-ports.js';
import type { AclStore, CredentialStore } from '../acl/ports.js';
import { authorizerOver, openStore, readerOver } from '../foundations.js';
import { enterDataFolder } from '../host/data-folder.js';
import type { Invocation } from './command.js';

export interface Session {
  readonly acl: AclStore;
  readonly credentials: CredentialStore;
  readonly signedUrls: SignedUrlStore;
  readonly authorizer: Authorizer;
}

export async function withStore<T>(
  { config, output }: Invocation,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { isNew } = enterDataFolder(config, output.note);
  const isThere = existsSync(config.databaseFile);
  const store = openStore(config);
  try {
    if (!isThere && !isNew) output.note(`made a new database: ${resolve(config.databaseFile)}`);
    return await work({
      acl: store.acl,
      credentials: store.credentials,
      signedUrls: store.signedUrls,
      authorizer: authorizerOver(readerOver(store.facts, config), config),
    });
  } finally {
    await store.close();
  }
}
