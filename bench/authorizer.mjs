// The real authorizer, started as an operator starts it, and asked as nginx asks, straight on its socket; and with which
// secret and program all benches do so.
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSigner } from 'fast-jwt';
import { HEAP_ARGS } from '../dist/host/heap.js';

export const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
export const SECRET = 'a-secret-for-the-bench-a-secret-for-the-bench';
const FLAGS = process.env.BENCH_NODE_OPTIONS?.split(' ') ?? HEAP_ARGS;
const POLL_MS = 2;

export function tokenOf(user, claims = {}) {
  const exp = Math.floor(Date.now() / 1000) + 86_400;
  return createSigner({ key: SECRET, algorithm: 'HS256' })({ sub: user, exp, ...claims });
}

/** @param env settings; LATCHKEY_DATA among them. Resolves when each worker is ready. */
export async function startAuthorizer(env, workers = 1) {
  const args = [...FLAGS, CLI, 'authorizer', ...(workers > 1 ? ['--workers', String(workers)] : [])];
  const own = { LATCHKEY_JWT_SECRET: SECRET, LATCHKEY_USER: 'root', LATCHKEY_LOG_LEVEL: 'warn' };
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...own, ...env },
    stdio: ['ignore', 2, 2],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const sockets = Array.from(
    { length: workers },
    (_, i) => `${env.LATCHKEY_DATA}/run/authorizer-${i + 1}.sock`,
  );
  for (const socket of sockets) {
    while ((await statusOf(socket)) !== 200) {
      if (child.exitCode !== null) throw new Error('the authorizer did not start');
      await wait(POLL_MS);
    }
  }
  return {
    pid: child.pid,
    sockets,
    readyMs: performance.now() - began,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Of /readyz, which asks the store; `undefined`: nobody answers. */
export function statusOf(socketPath) {
  return new Promise((resolve) => {
    request({ socketPath, path: '/readyz', agent: false }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    })
      .once('error', () => resolve(undefined))
      .end();
  });
}

/** One connection that asks about one path after the other. @param onAnswer is told of each, in microseconds */
export function askInTurn({ socket, token, paths, onAnswer = () => {} }) {
  const rest = paths[Symbol.iterator]();
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let sent = 0;
    const send = () => {
      const { value, done } = rest.next();
      if (done) return connection.destroy();
      sent = performance.now();
      connection.write(
        `GET /authorize/files${value} HTTP/1.1\r\nHost: latchkey\r\nX-Latchkey-Method: GET\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      );
    };
    connection.on('connect', send);
    connection.on('data', (answer) => {
      onAnswer((performance.now() - sent) * 1000);
      if (answer.toString('latin1', 9, 12) !== '200') connection.destroy(new Error(answer.toString()));
      else send();
    });
    connection.on('error', reject);
    connection.on('close', resolve);
  });
}
