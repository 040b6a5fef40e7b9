/** docs/openapi.json: the document that a running files service answers with, of the default mount. */

import { Authorizer } from '../../src/acl/authorizer.js';
import { UNLIMITED } from '../../src/acl/quota.js';
import { listingOver, openFileParts } from '../../src/assembly/file-parts.js';
import { openLinkJudges } from '../../src/assembly/link-judges.js';
import { openShareParts } from '../../src/assembly/share-parts.js';
import { uploadLimitsOf } from '../../src/assembly/upload-limit-parts.js';
import { loadConfig } from '../../src/config.js';
import { Credentials } from '../../src/credentials/credential.js';
import { buildFilesApp } from '../../src/http/files-app.js';
import { exposition } from '../../src/metrics/family.js';
import { FilesCounts } from '../../src/metrics/files-metrics.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { FileDigests } from '../../src/uploads/file-digests.js';
import { RawUploads } from '../../src/uploads/raw-uploads.js';
import { ResumableFolder } from '../../src/uploads/resumable-folder.js';
import { ResumableUploads } from '../../src/uploads/resumable-uploads.js';
import { StorageRoot } from '../../src/uploads/storage-root.js';

const CONFIG = loadConfig({ LATCHKEY_LINK_SECRET: `k1 ${'x'.repeat(32)}` });
const CACHE_BYTES = 1024 * 1024;

export async function openapiDocument(): Promise<string> {
  const store = openMemoryStore();
  const { acl, facts, credentials } = store;
  const clock = () => 0;
  const policy = { administrators: new Set<never>(), home: undefined };
  const reader = new CachedReader(facts, { bytesMax: CACHE_BYTES });
  const root = new StorageRoot({ root: 'store', mount: '/files/', partialFolder: 'partial' });
  const authorizer = new Authorizer(reader, policy, clock);
  const parts = openFileParts(root, store, { trashTimeMs: CONFIG.trashTimeMs, storeDigests: false });
  const nothing = () => undefined;
  const trashed = { trash: store.trash, bin: parts.bin, onDropped: nothing, onProblem: nothing };
  const app = await buildFilesApp({
    authorizer,
    recognise: () => ({ credentials: new Credentials([]), close: async () => {} }),
    judgeLinks: (onProblem) => openLinkJudges(CONFIG, { reader, authorizer, onProblem }),
    openShare: (onProblem) => openShareParts(CONFIG, store, onProblem),
    shareLinkStore: store.shareLinks,
    shareSettings: { lifetimeMs: 1, lifetimeMsMax: 1, prefix: '/s/' },
    visitor: { loginUrl: undefined, loginParameter: 'next', publicUrl: undefined, hideForbidden: false },
    sessionHook: { secret: 'for a document alone', cookieNames: [], userPrefix: '' },
    credentialStore: credentials,
    signedUrlStore: store.signedUrls,
    signedUrlSecondsMax: CONFIG.links.signedUrlSecondsMax,
    clock,
    acl,
    receipts: undefined,
    root,
    ...parts,
    trash: store.trash,
    tree: store.tree,
    listing: listingOver({ home: undefined, storeDigests: false }, { root, store, authorizer }),
    rawUploads: new RawUploads('partial', root),
    resumable: new ResumableUploads({
      ...CONFIG.resumable,
      folder: new ResumableFolder('partial', root),
      clock,
    }),
    fileDigests: new FileDigests(),
    mount: '/files/',
    uploadBytesMax: 1,
    formFilesMax: 1,
    quotas: store.quotas,
    userLimits: UNLIMITED,
    uploadLimits: uploadLimitsOf(CONFIG, trashed),
    download: { buffering: undefined, charset: undefined, expires: undefined, limitRate: undefined },
    checkReady: () => undefined,
    counts: new FilesCounts(),
    openMetrics: exposition([]),
    closeLast: async () => {},
    logger: false,
  });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
