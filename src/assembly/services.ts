/**
 * Where the two services are put together, from a Config; what only they need is loaded here. The working
 * directory is the data folder already. Nothing here decides anything.
 */

import type { Config } from '../config.js';
import { buildAuthorizerApp } from '../http/authorizer-app.js';
import { buildFilesApp } from '../http/files-app.js';
import { buildMetricsApp } from '../http/metrics-route.js';
import { buildOperatorApp } from '../http/operator-app.js';
import type { Logger } from '../http/server-options.js';
import type { SessionHook } from '../http/session-route.js';
import { authorizerMetrics } from '../metrics/authorizer-metrics.js';
import { DecisionCounts } from '../metrics/decision-counts.js';
import { exposition } from '../metrics/family.js';
import { FilesCounts, filesMetrics, leaseGauge } from '../metrics/files-metrics.js';
import { fleetMetrics } from '../metrics/fleet-metrics.js';
import { SharedCheck, TURN_CONNECTIONS_MAX } from '../storage/shared-check.js';
import { FileDigests } from '../uploads/file-digests.js';
import { keepEnded } from '../uploads/keep-ended.js';
import { keepRoom } from '../uploads/keep-room.js';
import { keepSwept } from '../uploads/sweeping.js';
import { TrashFolder } from '../uploads/trash-folder.js';
import { openDigestParts } from './digest-parts.js';
import { listingOver, openFileParts, type recoverFiles, takeFilesLock } from './file-parts.js';
import { type FleetFacts, openFleetFacts, openFleetStore, readiness } from './fleet-parts.js';
import { authorizerOver, clock, rawUploadsOf, readerOver, storageRootOf } from './foundations.js';
import { openInspection } from './inspection-parts.js';
import { awaitFilesLease, type FilesLease, type Waiting } from './lease-parts.js';
import { openLinkJudges } from './link-judges.js';
import { openRecognition } from './recognition.js';
import { keepExpired, recoverUploads } from './resumable-parts.js';
import { openShareParts } from './share-parts.js';
import { trashBytesMaxOf, uploadLimitsOf } from './upload-limit-parts.js';

export async function openAuthorizerApp(config: Config, logger: Logger) {
  const opened = await openFleetFacts(config);
  try {
    return await authorizerAppOver(opened, config, logger);
  } catch (error) {
    await opened.close(); // else its connections keep the process, and receipts wait for it
    throw error;
  }
}

async function authorizerAppOver({ facts, usage, fleet, close }: FleetFacts, config: Config, logger: Logger) {
  const shared = new SharedCheck(facts);
  const reader = readerOver(shared, config);
  const authorizer = authorizerOver(reader, config);
  const counts = new DecisionCounts();
  const checkReady = readiness(facts, fleet);
  const openMetrics = exposition([
    ...authorizerMetrics({
      decisions: counts,
      cache: reader,
      cacheBytesMax: config.cacheBytesMax,
      checkReady,
    }),
    ...(fleet === undefined ? [] : fleetMetrics(fleet.figures)),
  ]);
  const app = await buildAuthorizerApp({
    authorizer,
    turn: {
      begin: () => shared.begin(),
      end: () => shared.end(),
      // Where the check costs nothing, each decision checks for itself.
      connectionsMax: fleet === undefined ? TURN_CONNECTIONS_MAX : 0,
    },
    recognise: (onProblem) => openRecognition(config, { reader, usage, onProblem }),
    judgeLinks: (onProblem) => openLinkJudges(config, { reader, authorizer, onProblem }),
    visitor: config.visitor,
    mount: config.mount,
    clock,
    checkReady,
    counts,
    openMetrics,
    logger,
  });
  app.addHook('onClose', close);
  fleet?.start(app.log);
  return { app, metrics: config.metrics && buildMetricsApp(openMetrics, checkReady, logger) };
}

/** A command that changes files where no service runs is over soon, unless it copies a large one. */
const LOCK_PATIENCE_MS = 2_000;

/**
 * Stands by while another machine's works on the store, and finishes first what a crash left; nothing may listen before
 * that. `undefined`: it was stopped while it stood by.
 *
 * @throws when another one works in the data folder
 */
export async function openFilesApp(config: Config, logger: Logger, waiting: Waiting) {
  const lock = await takeFilesLock(LOCK_PATIENCE_MS);
  if (lock === undefined) {
    throw new Error(`another files service already works in ${config.dataFolder}; stop it first`);
  }
  let lease: FilesLease | undefined;
  const release = async () => {
    await lease?.release();
    lock.release();
  };
  try {
    lease = await awaitFilesLease(config, waiting);
    if (lease !== undefined) return await openLeasedFilesApp(config, logger, { ...lease, release });
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}

async function openLeasedFilesApp(config: Config, logger: Logger, lease: FilesLease) {
  const { store, fleet, receipts } = await openFleetStore(config, lease.fence);
  try {
    const root = storageRootOf(config, lease.requireHeld);
    await root.prepare();
    const rawUploads = rawUploadsOf(config, root);
    await rawUploads.prepare();
    if (config.trashTimeMs > 0) await new TrashFolder(root).prepare();
    const fileDigests = new FileDigests();
    let log: Log | undefined;
    const looks = openInspection(config, (refused) => log?.warn(refused, 'the scan refused an upload'));
    const { resumable, recovered } = await recoverUploads(config, root, store, receipts);
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
    const checkReady = readiness(store.facts, fleet);
    const openMetrics = exposition([
      ...filesMetrics({
        counts,
        digests: digestParts?.keeper,
        isLeaseHeld: lease.isHeld,
        root: config.root,
        checkReady,
      }),
      ...(fleet === undefined ? [] : fleetMetrics(fleet.figures)),
    ]);
    const reader = readerOver(store.facts, config);
    const authorizer = authorizerOver(reader, config);
    const uploadLimits = uploadLimitsOf(config, {
      trash: store.trash,
      bin: parts.bin,
      onDropped: (dropped) => log?.info({ dropped }, 'made room for an upload in the trash'),
      onProblem: (err) => log?.error({ err }, 'what is in the trash cannot be removed'),
    });
    const app = await buildFilesApp({
      authorizer,
      recognise: (onProblem) => openRecognition(config, { reader, usage: store.usage, onProblem }),
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
      closeLast: async () => {
        await store.close();
        await lease.release();
      },
      logger,
    });
    log = app.log;
    fleet?.start(app.log);
    const stopSweeping = keepSwept(rawUploads, {
      clock,
      onSwept: (files) => app.log.warn({ files }, 'removed what nginx had left of uploads'),
      onProblem: (err) => app.log.error({ err }, 'what nginx has left of uploads cannot be removed'),
    });
    const { expiries, trash } = store;
    const ended = { ...config, trashBytesMax: trashBytesMaxOf(config), expiries, trash, ...parts, clock };
    const stopEnding = keepEnded(ended, {
      onEnded: (counts) => app.log.info(counts, 'removed files that have ended'),
      onProblem: (err) => app.log.error({ err }, 'what has ended cannot be removed'),
    });
    const stopRoom = keepRoom(uploadLimits.freeSpace);
    digestParts?.start(app.log);
    const stopExpiring = keepExpired(resumable, app.log);
    app.addHook('onClose', async () => {
      await Promise.all([stopEnding(), stopRoom()]);
      stopSweeping();
      stopExpiring();
      await Promise.all([fileDigests.close(), looks.close(), digestParts?.close()]);
    });
    const operator = buildOperatorApp({ ...parts, acl: store.acl, receipts, clock, logger });
    app.addHook('onClose', () => operator.close());
    report(recovered, app.log);
    const metrics = config.metrics && buildMetricsApp(openMetrics, checkReady, logger);
    return { app, operator, metrics, whenLost: lease.whenLost };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What a files service shows while it stands by: that it lives, and why it is not ready. */
export function buildStandbyApp(holder: string, logger: Logger) {
  const message = `${holder} changes the files of this store: this files service stands by`;
  const openMetrics = exposition([leaseGauge(() => false)]);
  const refuse = () => {
    throw new Error(message);
  };
  const app = buildMetricsApp(openMetrics, refuse, logger);
  app.log.warn(`${message}, and takes over when that one stops or dies`);
  return app;
}

function sessionHookOf({ session, sessionHookSecret, userPrefix }: Config): SessionHook | undefined {
  if (session === undefined || sessionHookSecret === undefined) return undefined;
  return { secret: sessionHookSecret, cookieNames: session.cookieNames, userPrefix };
}

type Log = Awaited<ReturnType<typeof buildFilesApp>>['log'];

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
