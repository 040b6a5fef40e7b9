/** An open store for the length of one command, as the owner of the data folder. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Authorizer } from '../acl/authorizer.js';
import type { DigestStore } from '../acl/digest-ports.js';
import type { Receipts } from '../acl/fleet-ports.js';
import type { ExpiryStore, TrashStore } from '../acl/life-ports.js';
import type { ShareLinkStore, SignedUrlStore } from '../acl/link-ports.js';
import type { AclStore, CredentialStore, FileStore } from '../acl/ports.js';
import type { QuotaStore } from '../acl/quota-ports.js';
import type { MoveStore, TreeStore } from '../acl/tree-ports.js';
import { openCommandStore } from '../assembly/fleet-parts.js';
import { authorizerOver, clock, readerOver } from '../assembly/foundations.js';
import { enterDataFolder } from '../host/data-folder.js';
import { ShareLinks } from '../links/share-links.js';
import type { Invocation } from './command.js';

export interface Session {
  readonly acl: AclStore;
  readonly credentials: CredentialStore;
  readonly signedUrls: SignedUrlStore;
  readonly shareLinks: ShareLinkStore;
  readonly files: FileStore;
  readonly moves: MoveStore;
  readonly tree: TreeStore;
  readonly quotas: QuotaStore;
  readonly expiries: ExpiryStore;
  readonly trash: TrashStore;
  readonly digests: DigestStore;
  /** Says what has become of a link. */
  readonly links: ShareLinks;
  readonly authorizer: Authorizer;
  /** `undefined`: nobody else decides by this store, or all who do see a change at once. */
  readonly receipts: Receipts | undefined;
}

export async function withStore<T>(
  { config, output }: Invocation,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { isNew } = enterDataFolder(config, output.note);
  const { database } = config;
  const made = database.kind === 'sqlite' && !existsSync(database.file) ? database.file : undefined;
  const { store, receipts } = await openCommandStore(config);
  try {
    if (made !== undefined && !isNew) output.note(`made a new database: ${resolve(made)}`);
    const reader = readerOver(store.facts, config);
    const authorizer = authorizerOver(reader, config);
    return await work({
      acl: store.acl,
      credentials: store.credentials,
      signedUrls: store.signedUrls,
      shareLinks: store.shareLinks,
      files: store.files,
      moves: store.moves,
      tree: store.tree,
      quotas: store.quotas,
      expiries: store.expiries,
      trash: store.trash,
      digests: store.digests,
      links: new ShareLinks({ reader, facts: reader, authorizer, clock }),
      authorizer,
      receipts,
    });
  } finally {
    await store.close();
  }
}
