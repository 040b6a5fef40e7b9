/**
 * A connection of the driver that never throws as it is made. The driver reads the files of TLS there, and its pool makes
 * a connection from within its own events as well, where nobody catches: a certificate that is gone ended the process.
 */

import pg from 'pg';

type Connected = (error?: Error) => void;

/** For the pool, which calls it with `new`. A file that is there again is read again. */
export const CarefulClient = function careful(config: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(config);
  } catch (error) {
    return unconnectable(error as Error);
  }
} as unknown as typeof pg.Client;

/** It fails as one that cannot reach its server does. */
function unconnectable(error: Error): pg.Client {
  const client = new pg.Client({ host: '/', ssl: false });
  // Later: the pool may have a thousand waiting, and would try them one inside the other.
  const connect = (connected: Connected) => void process.nextTick(connected, error);
  return Object.assign(client, { connect });
}
