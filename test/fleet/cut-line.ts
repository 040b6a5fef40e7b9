/**
 * A line between one process and a server that may be cut without a word: no connection ends, nothing passes in either
 * direction, and who connects waits. When it is mended, what was on its way arrives, as TCP sends it again.
 */

import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import type { Ending } from '../commands/program.js';

/** A port of this machine, or a unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

export interface Line {
  cut(): void;
  mend(): void;
}

export async function line(t: Ending, from: Place, server: Place): Promise<Line> {
  const open = new Set<Socket>();
  let waiting: (() => void)[] = [];
  let isCut = false;
  const listener = createServer({ pauseOnConnect: true }, (client) => {
    hold(client);
    const begin = () => {
      const upstream = createConnection(server);
      hold(upstream);
      pass(client, upstream);
      pass(upstream, client);
      client.resume();
    };
    if (isCut) waiting.push(begin);
    else begin();
  });
  const hold = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  };
  listener.listen(from);
  await once(listener, 'listening');
  if ('path' in from) chmodSync(from.path, 0o777);
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    listener.close();
  });
  return {
    cut: () => {
      isCut = true;
      for (const socket of open) socket.pause();
    },
    mend: () => {
      isCut = false;
      for (const socket of open) socket.resume();
      for (const begin of waiting) begin();
      waiting = [];
    },
  };
}

function pass(from: Socket, to: Socket): void {
  from.on('data', (data) => to.write(data));
  from.on('end', () => to.end());
  from.on('close', () => to.destroy());
}
