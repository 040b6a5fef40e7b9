/**
 * The authorizer, from a Config. It loads nothing of the files service, so that it is ready soon. The working directory is
 * the data folder already. Nothing here decides anything.
 */

import type { Config } from '../config.js';
import { buildAuthorizerApp } from '../http/authorizer-app.js';
import { buildMetricsApp } from '../http/metrics-route.js';
import type { Logger } from '../http/server-options.js';
import { authorizerMetrics } from '../metrics/authorizer-metrics.js';
import { DecisionCounts } from '../metrics/decision-counts.js';
import { exposition } from '../metrics/family.js';
import { fleetMetrics } from '../metrics/fleet-metrics.js';
import { SharedCheck, TURN_CONNECTIONS_MAX } from '../storage/shared-check.js';
import { type FleetFacts, openFleetFacts, readiness } from './fleet-parts.js';
import { authorizerOver, clock, readerOver } from './foundations.js';
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
