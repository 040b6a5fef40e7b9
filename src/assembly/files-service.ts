/**
 * The files service of a process that may change files, from a Config: first what an earlier stop left is finished, then
 * the application is put together, and what goes on beside it is begun. Nothing here decides anything.
 */

import type { Config } from '../config.js';
import { buildFilesApp } from '../http/files-app.js';
import { buildMetricsApp } from '../http/metrics-route.js';
import { buildOperatorApp } from '../http/operator-app.js';
import type { Logger } from '../http/server-options.js';
import type { SessionHook } from '../http/session-route.js';
import { exposition } from '../metrics/family.js';
import { FilesCounts, filesMetrics } from '../metrics/files-metrics.js';
import { fleetMetrics } from '../metrics/fleet-metrics.js';
import { FileDigests } from '../uploads/file-digests.js';
import { keepEnded } from '../uploads/keep-ended.js';
import { keepRoom } from '../uploads/keep-room.js';
import { keepSwept } from '../uploads/sweeping.js';
import { TrashFolder } from '../uploads/trash-folder.js';
import { openDigestParts } from './digest-parts.js';
import { listingOver, openFileParts, type recoverFiles } from './file-parts.js';
import { type FleetStore, openFleetStore, readiness } from './fleet-parts.js';
import { authorizerOver, clock, rawUploadsOf, readerOver, storageRootOf } from './foundations.js';
import { openInspection } from './inspection-parts.js';
import type { FilesLease } from './lease-parts.js';
import { openLinkJudges } from './link-judges.js';
import { openRecognition } from './recognition.js';
import { keepExpired, recoverUploads } from './resumable-parts.js';
import { openShareParts } from './share-parts.js';
import { trashBytesMaxOf, uploadLimitsOf } from './upload-limit-parts.js';

type App = Awaited<ReturnType<typeof buildFilesApp>>;
type Log = App['log'];

/** @throws when what it needs cannot be opened; the lease is then still the caller's to release */
export async function openLeasedFilesApp(config: Config, logger: Logger, lease: FilesLease) {
  const opened = await openFleetStore(config, lease.fence);
  try {
    const disk = await openDisk(config, opened, lease);
    const work = openWork(config, opened, disk);
    const { checkReady, openMetrics } = figuresOf(config, opened, lease, work);
    const app = await filesAppOver(config, opened, {
      ...disk,
      ...work,
      checkReady,
      openMetrics,
      logger,
      closeLast: async () => {
        await opened.store.close();
        await lease.release();
      },
    });
    work.tellLog(app.log);
    opened.fleet?.start(app.log);
    const stop = keepWorking(config, opened, { ...disk, ...work, log: app.log });
    app.addHook('onClose', stop);
    const { acl } = opened.store;
    const operator = buildOperatorApp({ ...work.parts, acl, receipts: opened.receipts, clock, logger });
    app.addHook('onClose', () => operator.close());
    report(disk.recovered, app.log);
    const metrics = config.metrics && buildMetricsApp(openMetrics, checkReady, logger);
    return { app, operator, metrics, whenLost: lease.whenLost };
  } catch (error) {
    await opened.store.close();
    throw error;
  }
}

type Disk = Awaited<ReturnType<typeof openDisk>>;

/** Its folders are there, and nothing is left of an earlier stop that could be finished. */
async function openDisk(config: Config, { store, receipts }: FleetStore, lease: FilesLease) {
  const root = storageRootOf(config, lease.requireHeld);
  await root.prepare();
  const rawUploads = rawUploadsOf(config, root);
  await rawUploads.prepare();
  if (config.trashTimeMs > 0) await new TrashFolder(root).prepare();
  return { root, rawUploads, ...(await recoverUploads(config, root, store, receipts)) };
}

type Work = ReturnType<typeof openWork>;

/** What changes files, and what limits and counts it. */
function openWork(config: Config, { store, receipts }: FleetStore, { root }: Disk) {
  let log: Log | undefined;
  const looks = openInspection(config, (refused) => log?.warn(refused, 'the scan refused an upload'));
  const counts = new FilesCounts();
  const digestParts = openDigestParts(config, root, store);
  const parts = openFileParts(root, store, {
    trashTimeMs: config.trashTimeMs,
    storeDigests: config.storeDigests,
    ...(digestParts && { locks: digestParts.locks }),
    userLimits: config.uploadLimits.userLimits,
    inspection: looks.inspection,
    following: receipts,
    onCommitted: (file) => {
      counts.committed(file);
      digestParts?.tell(file.path);
    },
  });
  const uploadLimits = uploadLimitsOf(config, {
    trash: store.trash,
    bin: parts.bin,
    onDropped: (dropped) => log?.info({ dropped }, 'made room for an upload in the trash'),
    onProblem: (err) => log?.error({ err }, 'what is in the trash cannot be removed'),
  });
  const tellLog = (to: Log) => {
    log = to;
  };
  return { looks, counts, digestParts, parts, uploadLimits, fileDigests: new FileDigests(), tellLog };
}

function figuresOf(
  config: Config,
  { store, fleet }: FleetStore,
  lease: FilesLease,
  { counts, digestParts }: Work,
) {
  const checkReady = readiness(store.facts, fleet);
  const figures = {
    counts,
    digests: digestParts?.keeper,
    isLeaseHeld: lease.isHeld,
    root: config.root,
    checkReady,
  };
  const openMetrics = exposition([
    ...filesMetrics(figures),
    ...(fleet === undefined ? [] : fleetMetrics(fleet.figures)),
  ]);
  return { checkReady, openMetrics };
}

type AppParts = Disk &
  Work &
  ReturnType<typeof figuresOf> & { readonly logger: Logger; readonly closeLast: () => Promise<void> };

function filesAppOver(config: Config, { store, receipts }: FleetStore, given: AppParts): Promise<App> {
  const { root, parts, rawUploads, resumable, fileDigests, uploadLimits, counts } = given;
  const { checkReady, openMetrics, logger, closeLast } = given;
  const reader = readerOver(store.facts, config);
  const authorizer = authorizerOver(reader, config);
  return buildFilesApp({
    authorizer,
    recognise: (onProblem) => openRecognition(config, { ...store, reader, onProblem }),
    judgeLinks: (onProblem) => openLinkJudges(config, { reader, authorizer, onProblem }),
    openShare: (onProblem) => openShareParts(config, store, onProblem),
    shareLinkStore: store.shareLinks,
    shareSettings: config.links,
    visitor: config.visitor,
    sessionHook: sessionHookOf(config),
    credentialStore: store.credentials,
    signedUrlStore: store.signedUrls,
    signedUrlSecondsMax: config.links.signedUrlSecondsMax,
    clock,
    acl: store.acl,
    receipts,
    root,
    ...parts,
    trash: store.trash,
    rawUploads,
    resumable,
    fileDigests,
    tree: store.tree,
    listing: listingOver(config, { root, store, authorizer }),
    mount: config.mount,
    uploadBytesMax: config.uploadBytesMax,
    formFilesMax: config.formFilesMax,
    quotas: store.quotas,
    userLimits: config.uploadLimits.userLimits,
    uploadLimits,
    download: config.download,
    checkReady,
    counts,
    openMetrics,
    closeLast,
    logger,
  });
}

/** What goes on beside requests: what nobody finished is removed, and what has ended ends. Answers with what stops it. */
function keepWorking(
  config: Config,
  { store }: FleetStore,
  {
    rawUploads,
    resumable,
    parts,
    uploadLimits,
    digestParts,
    fileDigests,
    looks,
    log,
  }: Disk & Work & { log: Log },
): () => Promise<void> {
  const stopSweeping = keepSwept(rawUploads, {
    clock,
    onSwept: (files) => log.warn({ files }, 'removed what nginx had left of uploads'),
    onProblem: (err) => log.error({ err }, 'what nginx has left of uploads cannot be removed'),
  });
  const { expiries, trash } = store;
  const ended = { ...config, trashBytesMax: trashBytesMaxOf(config), expiries, trash, ...parts, clock };
  const stopEnding = keepEnded(ended, {
    onEnded: (counts) => log.info(counts, 'removed files that have ended'),
    onProblem: (err) => log.error({ err }, 'what has ended cannot be removed'),
  });
  const stopRoom = keepRoom(uploadLimits.freeSpace);
  digestParts?.start(log);
  const stopExpiring = keepExpired(resumable, log);
  return async () => {
    await Promise.all([stopEnding(), stopRoom()]);
    stopSweeping();
    stopExpiring();
    await Promise.all([fileDigests.close(), looks.close(), digestParts?.close()]);
  };
}

function sessionHookOf({ session, sessionHookSecret, userPrefix }: Config): SessionHook | undefined {
  if (session === undefined || sessionHookSecret === undefined) return undefined;
  return { secret: sessionHookSecret, cookieNames: session.cookieNames, userPrefix };
}

function report({ stuck, ...counts }: Awaited<ReturnType<typeof recoverFiles>>, log: Log): void {
  if (Object.values(counts).some((count) => count > 0)) {
    log.warn(counts, 'finished what an earlier stop had left');
  }
  for (const { what, cause } of stuck) {
    const why = cause instanceof Error ? cause.message : String(cause);
    log.error(
      { what, err: cause },
      `${what} cannot be finished and is left as it is: ${why}; mend it, then restart`,
    );
  }
  if (stuck.length > 0) log.error({ stuck: stuck.length }, 'left unfinished what the lines above name');
}
