/** Where a service shows its figures to Prometheus: a port of its own, apart from what visitors' requests come by. */

import type { Config } from '../config.js';
import { hostInUrl, listen, type Service } from '../host/listen.js';

/** @param number of the service: 0 is the files service, N the Nth authorizer. @throws where the port is taken */
export async function listenForMetrics(
  app: Service | undefined,
  { metrics }: Config,
  number: number,
): Promise<void> {
  if (app === undefined || metrics === undefined) return;
  const { host, port } = { ...metrics, port: metrics.port + number };
  try {
    await listen(app, { host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const address = `${hostInUrl(host)}:${port}`;
    throw new Error(`LATCHKEY_METRICS: ${address} is taken; name a port with free ones behind it`, {
      cause: error,
    });
  }
}
