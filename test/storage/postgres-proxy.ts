/**
 * Stands between a store and its PostgreSQL, on a unix socket as well, and loses the connection when a test wants it: the
 * only way to be certain of the moment.
 */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Test } from 'tap';
import type { Postgres } from '../postgres.js';

const SOCKET = '.s.PGSQL.5432';

export interface Proxy {
  url(words?: Readonly<Record<string, string>>): string;
  /** From now on, until told otherwise. `deaf`: it takes connections and passes nothing on. */
  set(mode: Mode): void;
  /** Loses every connection, as a process that was killed does. */
  cut(): void;
  /** Connections that were lost by a COMMIT. */
  readonly lost: number;
  /** What clients have asked for with their first message, by its name. */
  readonly asked: ReadonlySet<string>;
}

/**
 * The next COMMIT loses its connection: `before` it is passed on, `after` it was and its answer is heard here, or so that
 * nobody can connect again (`gone`).
 */
export type Mode = 'passing' | 'lost-before-commit' | 'lost-after-commit' | 'lost-and-gone' | 'gone' | 'deaf';

/** A simple query, as the protocol has it: its letter, its length, and the text. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

export async function proxy(t: Test, server: Postgres): Promise<Proxy> {
  const folder = mkdtempSync(`${tmpdir()}/latchkey-pg-proxy-`);
  let mode: Mode = 'passing';
  let lost = 0;
  const asked = new Set<string>();
  const open = new Set<Socket>();
  const listener = createServer((client) => {
    if (mode === 'gone') {
      client.destroy();
      return;
    }
    const upstream = connect(`${server.folder}/${SOCKET}`);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => open.delete(socket));
    }
    client.on('end', () => upstream.end()).on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (data) => {
      if (mode !== 'deaf') client.write(data);
    });
    client.once('data', (data) => {
      for (const name of startupNames(data)) asked.add(name);
    });
    client.on('data', (data) => {
      const loses = mode.startsWith('lost') && data.equals(COMMIT);
      if (loses) lost += 1;
      if (loses && mode !== 'lost-before-commit') {
        upstream.removeAllListeners('data').once('data', () => client.destroy());
      }
      if (mode === 'lost-before-commit' && loses) client.destroy();
      else if (mode !== 'deaf') upstream.write(data);
      if (loses) mode = mode === 'lost-and-gone' ? 'gone' : 'passing';
    });
  });
  listener.listen(`${folder}/${SOCKET}`);
  await once(listener, 'listening');
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    url: (words) => server.url({ ...words, host: folder }),
    set: (next) => {
      mode = next;
    },
    cut: () => {
      for (const socket of open) socket.destroy();
    },
    get lost() {
      return lost;
    },
    asked,
  };
}

/** Behind the length and the version come names and values, each with a NUL at its end. */
function startupNames(data: Buffer): readonly string[] {
  const texts = data.subarray(8).toString('latin1').split('\0');
  return texts.filter((text, i) => i % 2 === 0 && text !== '');
}
