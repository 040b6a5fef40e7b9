/** Lets a service listen, on a unix socket or on TCP; `stop.ts` ends it. */

import { once } from 'node:events';
import { chmodSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect, isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import type { Inherited } from './inherited-socket.js';

export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** What of a service is used here; a FastifyInstance is one. */
export interface Service {
  listen(where: Address): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What else of one that may be given a socket. */
export interface SocketService extends Service {
  readonly server: Server;
  readonly log: { info(message: string): void };
  ready(): PromiseLike<unknown>;
}

/** The owner and the group: nginx's workers are one of the two. */
const SOCKET_MODE = 0o660;
/** Nobody but the owner. */
export const OWN_SOCKET_MODE = 0o600;
const LOOPBACK = '127.0.0.1';

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` for this machine alone, or else a socket's path. */
export function parseAddress(text: string): Address | undefined {
  const tcp = /^(?:\[(?<six>[^\]]*)\]|(?<host>[^/:]*)):(?<port>\d{1,5})$/.exec(text)?.groups;
  if (tcp === undefined) return text === '' || /:\d*$/.test(text) ? undefined : { path: text };
  const port = parsePort(tcp.port ?? '');
  const host = parseHost(tcp.six ?? (tcp.host || LOOPBACK));
  return port === undefined || host === undefined ? undefined : { host, port };
}

export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** An address, or a name of letters, digits, dots and hyphens: nothing that nginx would read as its own syntax. */
export function parseHost(text: string): string | undefined {
  return isIP(text) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(text) ? text : undefined;
}

/** As it stands before a port: an IPv6 address in brackets. */
export function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** On what systemd has opened, else on the address. */
export function listenOn(
  app: SocketService,
  inherited: Inherited | undefined,
  address: Address,
): Promise<void> {
  return inherited === undefined ? listen(app, address) : listenByDescriptor(app, inherited);
}

/** Fastify's own `listen` knows no descriptors. The socket's file stays: it is not ours. */
async function listenByDescriptor(app: SocketService, { fd }: Inherited): Promise<void> {
  await app.ready();
  app.server.listen({ fd });
  await once(app.server, 'listening').catch((cause: unknown) => {
    throw new Error('what systemd hands over is no socket to listen on; name a ListenStream in the unit', {
      cause,
    });
  });
  app.log.info('Server listening at the socket of systemd');
}

/** @param mode of the socket, where it is one; until it is set, the umask lets nobody in but the owner */
export async function listen(app: Service, address: Address, mode = SOCKET_MODE): Promise<void> {
  if ('port' in address) {
    await app.listen(address);
    return;
  }
  await refuseSecond(address);
  rmSync(address.path, { force: true }); // nobody answers there: it was left by a process that was killed
  await app.listen(address);
  chmodSync(address.path, mode);
}

/**
 * What a service has opened keeps its process: one that cannot listen would stay, deaf, and where many decide by one
 * store it would go on as one of them.
 */
export async function listeningOrClosed(app: Service, opening: () => Promise<void>): Promise<void> {
  try {
    await opening();
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** @throws when another service answers on the socket, or when something else is there, which is not ours to remove */
export async function refuseSecond(address: Address): Promise<void> {
  if ('port' in address) return;
  const found = statSync(address.path, { throwIfNoEntry: false });
  if (found === undefined) return;
  const name = resolve(address.path);
  if (!found.isSocket()) throw new Error(`${name} is no socket; name another place to listen`);
  if (await answers(address.path))
    throw new Error(`another service already listens on ${name}; stop it first`);
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
