/**
 * The files service as an application over a real store and a real folder, listening on a real unix socket.
 * `user:root` is an administrator, and a home is `/users/{user}/`.
 */

import type { Test } from 'tap';
import { Authorizer } from '../../src/acl/authorizer.js';
import { parseHomeTemplate } from '../../src/acl/policy.js';
import { loadConfig } from '../../src/config.js';
import { buildFilesApp } from '../../src/http/files-app.js';
import type { SessionHook } from '../../src/http/session-route.js';
import { openLinkJudges } from '../../src/link-judges.js';
import { exposition } from '../../src/metrics/family.js';
import { FilesCounts } from '../../src/metrics/files-metrics.js';
import { openRecognition } from '../../src/recognition.js';
import { openShareParts } from '../../src/share-parts.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import type { CommitStep } from '../../src/uploads/committer.js';
import { Copier } from '../../src/uploads/copier.js';
import { FileDigests } from '../../src/uploads/file-digests.js';
import { FolderListing } from '../../src/uploads/folder-listing.js';
import { FolderRemoval } from '../../src/uploads/folder-removal.js';
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
  readonly onStep?: (step: CommitStep) => void;
  readonly sessionHook?: SessionHook;
}

const clock = () => Date.now();

export async function filesScene(t: Test, options: FilesSceneOptions = {}): Promise<FilesScene> {
  const given = await scene(t, options.onStep);
  const { store, root, committer } = given;
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
    root,
    committer,
    rawUploads: given.rawUploads,
    resumable: given.resumable,
    fileDigests,
    mover: given.mover,
    copier: new Copier({ root, acl: store.acl, committer, locks: given.locks }),
    removal: new FolderRemoval({ root, tree: store.tree, committer, locks: given.locks }),
    tree: store.tree,
    listing: new FolderListing({ root, tree: store.tree, authorizer, home: policy.home }),
    mount: '/files/',
    uploadBytesMax: options.uploadBytesMax ?? MIB,
    formFilesMax: options.formFilesMax ?? 5,
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
