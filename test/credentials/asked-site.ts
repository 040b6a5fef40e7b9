/**
 * A site that is asked about sessions: an HTTP server on a port of its own that writes down what it is asked, and
 * answers as the test says, when the test says.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';

export interface AskedSite {
  readonly url: string;
  /** The Cookie header of each question, in order. */
  readonly asked: string[];
  /** How it answers from now on. */
  answer: RequestListener;
  /** Resolves when no connection to it is open any more. */
  left(): Promise<void>;
  /** Resolves when it has been asked so often in all. */
  askedTimes(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function askedSite(t: Test): Promise<AskedSite> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    site.asked.push(request.headers.cookie ?? '');
    site.answer(request, response);
    server.emit('asked');
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server.close(), 'close');
  };
  t.teardown(stop);
  const site: AskedSite = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/whoami`,
    asked: [],
    answer: says({ user: 'alice' }),
    left: async () => {
      for (const socket of sockets) await once(socket, 'close');
    },
    askedTimes: async (count) => {
      while (site.asked.length < count) await once(server, 'asked');
    },
    stop,
  };
  return site;
}

/** 200 with JSON, or another status with a text. */
export function says(body: unknown, status = 200): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export interface Held {
  readonly answer: RequestListener;
  /** Answers all that wait, and from then on at once. */
  release(with_?: RequestListener): void;
}

/** Answers nobody until it is told to. */
export function held(): Held {
  const waiting: (readonly [IncomingMessage, ServerResponse])[] = [];
  let released: RequestListener | undefined;
  return {
    answer: (request, response) => {
      if (released === undefined) waiting.push([request, response]);
      else released(request, response);
    },
    release: (with_ = says({ user: 'alice' })) => {
      released = with_;
      for (const [request, response] of waiting.splice(0)) with_(request, response);
    },
  };
}
