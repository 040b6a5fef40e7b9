/**
 * Stops a service when it is told to, or when whoever started it is gone, without a request that fails: what is under way
 * is answered, and no connection is closed that nginx may be about to use.
 */

import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Service, SocketService } from './listen.js';
import { toldToStop } from './supervisor.js';

/**
 * For a service whose requests nginx sends to nobody else once they are sent: longer than nginx keeps a connection to it
 * that nobody uses (`keepalive_timeout` in nginx.conf).
 */
export const LINGER_MS = 1_200;
const POLL_MS = 20;

export interface StopOptions {
  readonly told?: Promise<void> | undefined;
  /** How long the connections that nobody uses are left to whoever has opened them. */
  readonly lingerMs?: number;
}

/** Closes the service on SIGINT, SIGTERM, SIGHUP, and when the process that started it is gone. */
export async function stopWhenTold(
  app: Pick<Service, 'close'> & Pick<SocketService, 'server'>,
  { told = toldToStop(), lingerMs = 0 }: StopOptions = {},
): Promise<void> {
  if (process.connected) process.send?.('ready');
  await told;
  if (lingerMs > 0) await untilLeft(app.server, lingerMs);
  // What is answered from here on says that its connection ends. One whose answer had begun before is kept by nginx.
  const closing = setInterval(() => app.server.closeIdleConnections(), POLL_MS);
  await app.close();
  clearInterval(closing);
  // An open channel to whoever started us would keep the process.
  if (process.connected) process.disconnect();
}

/** It goes on, and ends each connection with its next answer. */
async function untilLeft(server: Server, lingerMs: number): Promise<void> {
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  const deadline = performance.now() + lingerMs;
  while (performance.now() < deadline && (await connectionsOf(server)) > 0) await wait(POLL_MS);
  // An http.Server would close those that were opened just now, and have not said yet what they want.
  NetServer.prototype.close.call(server);
  if ((await connectionsOf(server)) > 0) await wait(POLL_MS);
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}
