/** Somebody in the middle, who speaks no TLS and keeps all that it is sent. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

export interface PlainServer {
  readonly port: number;
  heard(): string;
}

/** @param answer to each message; `undefined`: none */
export async function plainServer(
  t: Test,
  answer: (heard: Buffer, count: number) => string | Buffer | undefined,
): Promise<PlainServer> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let count = 0;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      heard.push(bytes);
      count += 1;
      const said = answer(bytes, count);
      if (said !== undefined) socket.write(said);
    });
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard).toString('latin1'),
  };
}
