/**
 * How a service that is told to stop ends its connections: what is under way is answered, and nginx, which would keep
 * the connection for its next question, is told that it ends or finds it closed. A service that waited until nginx let
 * go would stay for a minute, or as long as nginx goes on asking, while whoever comes anew waits for its successor.
 */

import type { Server } from 'node:http';

/** What is answered as if nothing were has its connection closed so soon after. */
const IDLE_MS = 10;

/** From now on; before the server is closed. It keeps no process from ending. */
export function drain(server: Server): void {
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  const closing = setInterval(() => server.closeIdleConnections(), IDLE_MS).unref();
  server.once('close', () => clearInterval(closing));
}
