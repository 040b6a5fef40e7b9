/**
 * The files service as an application over a real store and a real folder, listening on a real unix socket.
 * `user:root` is an administrator, and a home is `/users/{user}/`.
 */

import type { Test } from 'tap';
import { Authorizer } from '../../src/acl/authorizer.js';
import { parseHomeTemplate } from '../../src/acl/policy.js';
import { UNLIMITED } from '../../src/acl/quota.js';
import { openLinkJudges } from '../../src/assembly/link-judges.js';
import { openRecognition } from '../../src/assembly/recognition.js';
import { openShareParts } from '../../src/assembly/share-parts.js';
import { loadConfig } from '../../src/config.js';
import { buildFilesApp } from '../../src/http/files-app.js';
import type { SessionHook } from '../../src/http/session-route.js';
import { exposition } from '../../src/metrics/family.js';
import { FilesCounts } from '../../src/metrics/files-metrics.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { type CommitStep, Committer } from '../../src/uploads/committer.js';
import { Copier } from '../../src/uploads/copier.js';
import { Expiry } from '../../src/uploads/expiry.js';
import { FileDigests } from '../../src/uploads/file-digests.js';
import { FolderListing } from '../../src/uploads/folder-listing.js';
import { FolderRemoval } from '../../src/uploads/folder-removal.js';
import { FreeSpace, type Spare } from '../../src/uploads/free-space.js';
import { Inspection } from '../../src/uploads/inspection.js';
import { ANY_TYPE } from '../../src/uploads/media-types.js';
import type { Scan } from '../../src/uploads/scan.js';
import { Trash } from '../../src/uploads/trash.js';
import { TrashFolder } from '../../src/uploads/trash-folder.js';
import type { UploadPace } from '../../src/uploads/upload-watch.js';
import { UploadsUnderWay } from '../../src/uploads/uploads-under-way.js';
import { draft, MIB, principal, type Scene, scene } from '../uploads/given.js';
import { type Ask, askOver, rawOver, SECRET, shortFolder } from './asking-files.js';

export interface FilesScene extends Scene {
  readonly socket: string;
  readonly ask: Ask;
  raw(bytes: string | Buffer): Promise<string>;
  grant(line: string): Promise<unknown>;
  revoke(line: string): Promise<unknown>;
  /** What the service has logged, a line each. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
}

export interface FilesSceneOptions {
  readonly uploadBytesMax?: number;
  readonly formFilesMax?: number;
  readonly userUploadsMax?: number;
  readonly freeBytesMin?: number;
  readonly spare?: Spare;
  /** Whose file system is asked. */
  readonly freeFolder?: string;
  readonly pace?: UploadPace;
  readonly onStep?: (step: CommitStep) => void;
  readonly sessionHook?: SessionHook;
  /** What is removed goes there. */
  readonly trash?: true;
  /** Asked of each upload. */
  readonly scan?: Scan;
  /** Of resumable uploads. */
  readonly uploadClock?: () => number;
}

const clock = () => Date.now();

function scanning(scan: Scan): Inspection {
  const fileTypes = { of: async () => ({ type: 'text/plain' }) };
  return new Inspection({ rules: ANY_TYPE, fileTypes, scan, onRefused: () => undefined });
}

export async function filesScene(t: Test, options: FilesSceneOptions = {}): Promise<FilesScene> {
  const given = await scene(t, options.onStep, undefined, undefined, options.uploadClock);
  const { store, root } = given;
  const trashFolder = new TrashFolder(root);
  const { files, expiries } = store;
  const inspection = options.scan && scanning(options.scan);
  const committer =
    options.trash === undefined && inspection === undefined
      ? given.committer
      : new Committer({
          root,
          files,
          expiries,
          clock,
          locks: given.locks,
          inspection,
          ...(options.trash && { trash: trashFolder }),
        });
  const policy = {
    administrators: new Set([principal('user:root')]),
    home: parseHomeTemplate('/users/{user}/'),
  };
  const logged: Record<string, unknown>[] = [];
  const reader = new CachedReader(store.facts, { bytesMax: 16 * MIB });
  const config = loadConfig({ LATCHKEY_JWT_SECRET: SECRET, LATCHKEY_LINK_SECRET: `k1 ${'x'.repeat(32)}` });
  const authorizer = new Authorizer(reader, policy, clock);
  const fileDigests = new FileDigests();
  const app = await buildFilesApp({
    authorizer,
    recognise: (onProblem) => openRecognition(config, { reader, usage: store.usage, onProblem }),
    judgeLinks: (onProblem) => openLinkJudges(config, { reader, authorizer, onProblem }),
    openShare: (onProblem) => openShareParts(config, store, onProblem),
    shareLinkStore: store.shareLinks,
    shareSettings: config.links,
    visitor: config.visitor,
    sessionHook: options.sessionHook,
    credentialStore: store.credentials,
    signedUrlStore: store.signedUrls,
    signedUrlSecondsMax: config.links.signedUrlSecondsMax,
    clock,
    acl: store.acl,
    receipts: undefined,
    root,
    committer,
    rawUploads: given.rawUploads,
    resumable: given.resumable,
    fileDigests,
    mover: given.mover,
    copier: new Copier({ root, acl: store.acl, committer, locks: given.locks }),
    removal: new FolderRemoval({ root, tree: store.tree, committer, locks: given.locks }),
    bin: new Trash({ folder: trashFolder, trash: store.trash, files: store.files, committer, clock }),
    expiry: new Expiry({ root, expiries: store.expiries, locks: given.locks }),
    trash: store.trash,
    tree: store.tree,
    listing: new FolderListing({
      root,
      tree: store.tree,
      expiries: store.expiries,
      authorizer,
      home: policy.home,
    }),
    knownDigests: undefined,
    mount: '/files/',
    uploadBytesMax: options.uploadBytesMax ?? MIB,
    formFilesMax: options.formFilesMax ?? 5,
    quotas: store.quotas,
    userLimits: UNLIMITED,
    uploadLimits: {
      underWay: new UploadsUnderWay(),
      userUploadsMax: options.userUploadsMax ?? 100,
      freeSpace: new FreeSpace({
        folder: options.freeFolder ?? given.folder,
        bytesMin: options.freeBytesMin ?? 0,
        ...(options.spare && { spare: options.spare }),
      }),
      pace: options.pace ?? { speedMin: 0, timeMaxMs: 3_600_000, windowMs: 3_600_000 },
    },
    download: { buffering: undefined, charset: undefined, expires: undefined, limitRate: undefined },
    checkReady: () => void store.facts.version(),
    counts: new FilesCounts(),
    openMetrics: exposition([]),
    closeLast: async () => {},
    logger: { level: 'info', stream: { write: (line: string) => void logged.push(JSON.parse(line)) } },
  });
  const socket = `${shortFolder(t)}/files.sock`;
  await app.listen({ path: socket });
  t.teardown(async () => {
    await app.close();
    await fileDigests.close();
  });
  return {
    ...given,
    socket,
    ask: askOver(socket),
    raw: (bytes) => rawOver(socket, bytes),
    grant: (line) => store.acl.putGrants([draft(line)]),
    revoke: (line) => {
      const { principal: who, path, action, effect } = draft(line);
      return store.acl.removeGrants({ principal: who, path, actions: [action], effect });
    },
    logged,
  };
}
