/**
 * Which files service works, of those of a data folder and of those of a store: the others are refused, or stand by. The
 * working directory is the data folder already.
 */

import type { Config } from '../config.js';
import { buildMetricsApp } from '../http/metrics-route.js';
import type { Logger } from '../http/server-options.js';
import { exposition } from '../metrics/family.js';
import { leaseGauge } from '../metrics/files-metrics.js';
import { takeFilesLock } from './file-parts.js';
import { openLeasedFilesApp } from './files-service.js';
import { awaitFilesLease, type FilesLease, type Waiting } from './lease-parts.js';

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
