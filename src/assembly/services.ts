/**
 * Where the two services are put together, from a Config; what only they need is loaded here. The working
 * directory is the data folder already. Nothing here decides anything.
 */

import type { Config } from '../config.js';
import { buildAuthorizerApp } from '../http/authorizer-app.js';
import { buildMetricsApp } from '../http/metrics-route.js';
import type { Logger } from '../http/server-options.js';
import { authorizerMetrics } from '../metrics/authorizer-metrics.js';
import { DecisionCounts } from '../metrics/decision-counts.js';
import { exposition } from '../metrics/family.js';
import { leaseGauge } from '../metrics/files-metrics.js';
import { fleetMetrics } from '../metrics/fleet-metrics.js';
import { SharedCheck, TURN_CONNECTIONS_MAX } from '../storage/shared-check.js';
import { takeFilesLock } from './file-parts.js';
import { openLeasedFilesApp } from './files-service.js';
import { type FleetFacts, openFleetFacts, readiness } from './fleet-parts.js';
import { authorizerOver, clock, readerOver } from './foundations.js';
import { awaitFilesLease, type FilesLease, type Waiting } from './lease-parts.js';
import { openLinkJudges } from './link-judges.js';
import { openRecognition } from './recognition.js';

export async function openAuthorizerApp(config: Config, logger: Logger) {
  const opened = await openFleetFacts(config);
  try {
    return await authorizerAppOver(opened, config, logger);
  } catch (error) {
    await opened.close(); // else its connections keep the process, and receipts wait for it
    throw error;
  }
}

async function authorizerAppOver(
  { facts, usage, failures, fleet, close }: FleetFacts,
  config: Config,
  logger: Logger,
) {
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
    recognise: (onProblem) => openRecognition(config, { reader, usage, failures, onProblem }),
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
