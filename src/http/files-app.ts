/**
 * The files service (the upload handler) as an application: given what it needs, listening to nothing.
 */

import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Authorizer } from '../acl/authorizer.js';
import type { Receipts } from '../acl/fleet-ports.js';
import type { TrashStore } from '../acl/life-ports.js';
import type { ShareLinkStore, SignedUrlStore } from '../acl/link-ports.js';
import type { AclStore, CredentialStore } from '../acl/ports.js';
import type { QuotaLimits } from '../acl/quota.js';
import type { QuotaStore } from '../acl/quota-ports.js';
import type { TreeStore } from '../acl/tree-ports.js';
import type { DownloadSettings, VisitorSettings } from '../config.js';
import type { OpenRecognition } from '../credentials/credential.js';
import type { OpenLinkJudges } from '../links/judges.js';
import type { LinkLifetime } from '../links/link-limits.js';
import type { ShareSite } from '../links/share-url.js';
import type { FilesCounts } from '../metrics/files-metrics.js';
import type { Committer } from '../uploads/committer.js';
import type { Copier } from '../uploads/copier.js';
import type { Expiry } from '../uploads/expiry.js';
import type { FileDigests } from '../uploads/file-digests.js';
import type { FolderListing } from '../uploads/folder-listing.js';
import type { FolderRemoval } from '../uploads/folder-removal.js';
import type { KnownDigests } from '../uploads/known-digests.js';
import type { Mover } from '../uploads/mover.js';
import type { RawUploads } from '../uploads/raw-uploads.js';
import type { ResumableUploads } from '../uploads/resumable-uploads.js';
import type { StorageRoot } from '../uploads/storage-root.js';
import type { Trash } from '../uploads/trash.js';
import { API_PREFIX, aclRoutes } from './acl-routes.js';
import { DOWNLOAD_PREFIX, downloadRoute } from './download-route.js';
import { expiryRoutes } from './expiry-routes.js';
import { Gate, tellDecisions } from './gate.js';
import { type CheckReady, healthRoutes } from './health.js';
import { answerInLines } from './json-lines.js';
import { lifeRoutes } from './life-routes.js';
import { linkPattern, linkRoutes } from './link-routes.js';
import { listingRoute } from './listing-route.js';
import { metricsRoute, type OpenMetrics } from './metrics-route.js';
import { publicDocument } from './openapi.js';
import { BadRequest, sendError } from './problem.js';
import { quotaRoutes } from './quota-routes.js';
import { ROOM_PREFIX, roomRoute } from './room-route.js';
import { type Logger, serverOptions } from './server-options.js';
import { type SessionHook, sessionRoute } from './session-route.js';
import { SHARE_PREFIX } from './shares/address.js';
import type { OpenShare } from './shares/deps.js';
import { shareRoute } from './shares/route.js';
import { signedUrlRoutes } from './signed-url-routes.js';
import { NO_QUERY } from './strict-schema.js';
import { trashRoutes } from './trash-routes.js';
import { tusRoutes, uploadPattern } from './tus/routes.js';
import { UploadLocks } from './tus/upload-locks.js';
import type { UploadLimits } from './upload-limits.js';
import { RAW_PREFIX, WRITE_PREFIX, writeRoutes } from './write-routes.js';

export interface FilesAppDeps {
  readonly authorizer: Authorizer;
  readonly recognise: OpenRecognition;
  readonly judgeLinks: OpenLinkJudges;
  readonly visitor: VisitorSettings;
  readonly acl: AclStore;
  /** `undefined`: nobody else decides by the store, or all see a change at once. */
  readonly receipts: Receipts | undefined;
  readonly credentialStore: CredentialStore;
  readonly signedUrlStore: SignedUrlStore;
  readonly signedUrlSecondsMax: number;
  /** `undefined`: the site cannot say that a session has ended. */
  readonly sessionHook: SessionHook | undefined;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly root: StorageRoot;
  readonly committer: Committer;
  readonly rawUploads: RawUploads;
  readonly resumable: ResumableUploads;
  readonly fileDigests: FileDigests;
  readonly mover: Mover;
  readonly copier: Copier;
  readonly removal: FolderRemoval;
  readonly listing: FolderListing;
  /** `undefined`: none are kept. */
  readonly knownDigests: KnownDigests | undefined;
  readonly expiry: Expiry;
  readonly trash: TrashStore;
  readonly bin: Trash;
  readonly tree: TreeStore;
  readonly mount: string;
  readonly uploadBytesMax: number;
  readonly formFilesMax: number;
  readonly quotas: QuotaStore;
  /** Of every user who has no quota of their own. */
  readonly userLimits: QuotaLimits;
  readonly uploadLimits: UploadLimits;
  readonly download: DownloadSettings;
  readonly openShare: OpenShare;
  readonly shareLinkStore: ShareLinkStore;
  readonly shareSettings: LinkLifetime & Pick<ShareSite, 'prefix'>;
  readonly checkReady: CheckReady;
  readonly counts: FilesCounts;
  readonly openMetrics: OpenMetrics;
  /** Closes what all of these stand on, when they are closed. */
  readonly closeLast: () => Promise<void>;
  readonly logger: Logger;
}

export async function buildFilesApp(deps: FilesAppDeps): Promise<FastifyInstance> {
  const app = Fastify({
    ...serverOptions(deps.logger),
    rewriteUrl: ({ url = '' }) => routedUrl(url),
    frameworkErrors: sendError, // of a URL that cannot be decoded; it runs without hooks
  });
  app.addHook('onClose', () => deps.closeLast()); // the first one is run last
  app.setErrorHandler(sendError);
  app.setNotFoundHandler((request, reply) => sendError(unknownRoute(app, request, reply), request, reply));
  const recognition = deps.recognise((message) => app.log.warn(message));
  app.addHook('onClose', () => recognition.close());
  const { close, ...judges } = deps.judgeLinks((message) => app.log.warn(message));
  app.addHook('onClose', async () => close());
  const share = deps.openShare((message) => app.log.warn(message));
  app.addHook('onClose', () => share.close());
  const gate = new Gate(deps.authorizer, recognition.credentials, deps.visitor.publicUrl);
  tellDecisions(app);
  app.addHook('onResponse', async ({ routeOptions }, { statusCode }) =>
    deps.counts.answered(routeOptions.url ?? 'none', statusCode),
  );
  answerInLines(app);
  await app.register(swagger, publicDocument(deps.mount));
  await writeRoutes(app, { ...deps, gate });
  roomRoute(app, { ...deps, gate });
  await tusRoutes(app, { ...deps, gate, locks: new UploadLocks() });
  downloadRoute(app, { ...deps, ...judges, gate });
  await shareRoute(app, { ...deps, ...share, ...judges, links: judges.shareLinks, gate });
  aclRoutes(app, { ...deps, gate });
  lifeRoutes(app, { ...deps, gate });
  listingRoute(app, { ...deps, gate });
  quotaRoutes(app, { ...deps, gate });
  expiryRoutes(app, { ...deps, gate });
  trashRoutes(app, { ...deps, gate });
  signedUrlRoutes(app, { ...deps, gate });
  linkRoutes(app, {
    ...deps,
    gate,
    links: judges.shareLinks,
    store: deps.shareLinkStore,
    settings: deps.shareSettings,
  });
  if (deps.sessionHook !== undefined) sessionRoute(app, { ...deps, hook: deps.sessionHook });
  app.get(`${API_PREFIX}/openapi.json`, { schema: { hide: true, querystring: NO_QUERY } }, async () =>
    app.swagger(),
  );
  healthRoutes(app, deps.checkReady);
  metricsRoute(app, deps.openMetrics);
  return app;
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

/** The router sees a constant where a stranger's path follows; handlers read the original URL. */
function routedUrl(url: string): string {
  for (const prefix of [WRITE_PREFIX, RAW_PREFIX, ROOM_PREFIX, DOWNLOAD_PREFIX, SHARE_PREFIX]) {
    if (!url.startsWith(`${prefix}/`)) continue;
    const query = url.indexOf('?');
    return query === -1 ? prefix : prefix + url.slice(query);
  }
  return url;
}

function unknownRoute(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): BadRequest {
  const [path = ''] = request.url.split('?');
  const url = uploadPattern(linkPattern(path));
  const allowed = METHODS.filter((method) => app.hasRoute({ method, url }));
  if (allowed.length === 0) return new BadRequest('There is nothing here; look up the URL.', 404);
  reply.header('allow', allowed.join(', ')); // RFC 9110 §15.5.6
  return new BadRequest(`${request.method} does nothing here; this takes ${allowed.join(', ')}.`, 405);
}
