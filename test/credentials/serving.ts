/** A real HTTP server on a free port of this machine, that answers as a test says and remembers what it was asked. */

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

export interface Served {
  /** Without a slash at the end. */
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** From the next request on. */
  answer: RequestListener;
  /** Stops listening and cuts all connections. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

export async function serve(t: Test, answer: RequestListener): Promise<Served> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    served.answer(request, response);
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.teardown(stop);
  const served: Served = {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer,
    stop,
    start: () => listen(port),
  };
  return served;
}

/** Answers with this document. */
export function json(document: unknown): RequestListener {
  return (_, response) => response.end(JSON.stringify(document));
}
