/**
 * A files service that stands by: it says once whom it waits for, and listens nowhere but on the port for metrics, so that
 * nginx goes to the one that works. Whoever started it goes on: it is as ready as it can be.
 */

import type { Waiting } from '../assembly/lease-parts.js';
import { buildStandbyApp } from '../assembly/one-files-service.js';
import type { Config } from '../config.js';
import type { Service } from '../host/listen.js';
import { logger } from '../host/logger.js';
import { toldToStop } from '../host/supervisor.js';
import { listenForMetrics } from './metrics-port.js';

export interface Opened<T> {
  readonly opened: T;
  /** To stop; `undefined`: nobody has listened for it yet. */
  readonly told: Promise<void> | undefined;
}

/** @param port number of the service, of those for metrics. `undefined`: it was told to stop while it stood by */
export async function openOrStandBy<T>(
  config: Config,
  port: number,
  open: (waiting: Waiting) => Promise<T | undefined>,
): Promise<Opened<T> | undefined> {
  const stopping = new AbortController();
  let told: Promise<void> | undefined;
  let shown: Promise<Service | undefined> = Promise.resolve(undefined);
  const onHolder: Waiting['onHolder'] = ({ name }) => {
    told ??= toldToStop().finally(() => stopping.abort());
    shown = shown.then((before) => before?.close()).then(() => show(name, config, port));
  };
  let opened: T | undefined;
  try {
    opened = await open({ onHolder, stopped: stopping.signal });
    return opened && { opened, told };
  } finally {
    await (await shown)?.close();
    // Who listens for its end keeps the channel to whoever started us, and the channel keeps the process.
    if (opened === undefined && told !== undefined && process.connected) process.disconnect();
  }
}

async function show(holder: string, config: Config, port: number): Promise<Service> {
  const app = buildStandbyApp(holder, logger(config.logLevel, 'files'));
  process.send?.('ready');
  // No port is worth an end: the figures are shown again when it works.
  await listenForMetrics(app, config, port).catch((error: Error) => app.log.warn(error.message));
  return app;
}
