/**
 * Sessions over a real store and a real site: an HTTP server on a port of its own that writes down what it is asked,
 * and answers as the test says, when the test says. Time is the test's.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Test } from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import type { Store } from '../../src/acl/ports.js';
import { Failures } from '../../src/credentials/failures.js';
import { askedOf } from '../../src/credentials/presented.js';
import { hashSession, type SessionSettings, Sessions } from '../../src/credentials/session.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { principal } from '../storage/given.js';

export const KEPT_MS = 30_000;

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

export interface SessionScene {
  readonly site: AskedSite;
  readonly store: Store;
  /** Milliseconds of the two clocks; `pass` moves both. */
  readonly time: { wall: number; elapsed: number };
  pass(ms: number): void;
  /** Who it is, in one word or two; `not known: …` with the reason. */
  who(cookie: string | undefined, address?: string): Promise<string>;
  endSession(cookies: string): Promise<unknown>;
  signOut(user: string): Promise<unknown>;
}

export async function sessionScene(
  t: Test,
  odd: Partial<SessionSettings> = {},
  keptMax?: number,
): Promise<SessionScene> {
  const site = await askedSite(t);
  const store = openMemoryStore();
  const time = { wall: 1_700_000_000_000, elapsed: 5_000 };
  const settings = {
    url: site.url,
    cookieNames: ['sid'],
    fields: { user: 'user', groups: 'groups', userPrefix: '', groupPrefix: '' },
    keptMs: KEPT_MS,
    timeoutMs: 10_000,
    reader: new CachedReader(store.facts, { bytesMax: 16 * 1024 * 1024 }),
    failures: new Failures({ addressMax: 5, userMax: 5 }, () => time.elapsed),
    clock: () => time.wall,
    elapsed: () => time.elapsed,
    ...odd,
  };
  const sessions = new Sessions(settings, keptMax);
  return {
    site,
    store,
    time,
    pass: (ms) => {
      time.wall += ms;
      time.elapsed += ms;
    },
    who: async (cookie, address) => {
      try {
        const found = await sessions.recognise(
          askedOf({
            ...(cookie !== undefined && { cookie }),
            ...(address !== undefined && { 'x-latchkey-address': address }),
          }),
        );
        if (typeof found === 'string') return found;
        const { authenticated, user, groups } = found.subject;
        if (!authenticated || !found.ambient || found.failure !== undefined) return 'not as it should be';
        return [user, ...groups].join(' ');
      } catch (error) {
        if (error instanceof NotKnown) return `not known: ${error.message}`;
        throw error;
      }
    },
    endSession: (cookies) => store.credentials.endSession(hashSession(cookies), time.wall),
    signOut: (user) => store.credentials.signOut(principal(user), time.wall),
  };
}
