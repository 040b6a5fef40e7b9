/**
 * Ports that nobody takes between the look and the start. They lie below those that the kernel gives to connections
 * and to servers that name none (Linux: from 32768), and each process of the tests has a share of its own, whose first
 * port it keeps as the sign of it.
 */

import { createServer, type Server } from 'node:net';

const FIRST = 10_000;
const SHARE = 50;
const SHARES = 450;
const HOST = '127.0.0.1';

let share: Promise<number> | undefined;
let given = 0;

/** @param count so many in a row, of which the first is returned */
export async function freePort(count = 1): Promise<number> {
  share ??= claimed();
  const first = (await share) + 1;
  for (let tried = 0; tried < SHARE; tried++) {
    if (given + count >= SHARE) given = 0;
    const port = first + given;
    given += count;
    const servers = await Promise.all(Array.from({ length: count }, (_, i) => listening(port + i)));
    await Promise.all(servers.map((server) => server && closed(server)));
    if (servers.every((server) => server !== undefined)) return port;
  }
  throw new Error(`no ${count} of the ports from ${first} are free`);
}

async function claimed(): Promise<number> {
  for (let i = 0; i < SHARES; i++) {
    const port = FIRST + ((process.pid + i) % SHARES) * SHARE;
    const sign = await listening(port);
    if (sign === undefined) continue;
    sign.unref(); // kept until the process ends, and keeping it from that no moment
    return port;
  }
  throw new Error('each share of the ports is taken');
}

function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
