/**
 * Lets a service listen, on a unix socket or on TCP, and stop when it is told to or when whoever started it is
 * gone.
 */

import { chmodSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { toldToStop } from './supervisor.js';

/** What of a service is used here; a FastifyInstance is one. */
export interface Service {
  listen(
    where: { readonly host: string; readonly port: number } | { readonly path: string },
  ): Promise<unknown>;
  close(): Promise<unknown>;
}

/** The owner and the group: nginx's workers are one of the two. */
const SOCKET_MODE = 0o660;

/** @param address a socket's path, or `HOST:PORT` */
export async function listen(app: Service, address: string): Promise<void> {
  const tcp = /^(?<host>[^/]*):(?<port>\d{1,5})$/.exec(address)?.groups;
  if (tcp?.port !== undefined) {
    await app.listen({ host: tcp.host || '127.0.0.1', port: Number(tcp.port) });
    return;
  }
  await refuseSecond(address);
  rmSync(address, { force: true }); // nobody answers there: it was left by a process that was killed
  await app.listen({ path: address });
  chmodSync(address, SOCKET_MODE);
}

/** @throws when another service answers on the socket */
export async function refuseSecond(address: string): Promise<void> {
  if (statSync(address, { throwIfNoEntry: false })?.isSocket() !== true) return;
  if (await answers(address)) throw new Error(`another service already listens on ${address}; stop it first`);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Closes the service on SIGINT, SIGTERM, SIGHUP, and when the process that started it is gone. */
export async function stopWhenTold(app: Service): Promise<void> {
  const told = toldToStop();
  process.send?.('ready');
  await told;
  await app.close();
  // An open channel to whoever started us would keep the process.
  if (process.connected) process.disconnect();
}
