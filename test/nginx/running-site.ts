/**
 * `latchkey up` as a program, on a free port and a data folder of its own, with a real nginx; and requests to it
 * over raw sockets, since `fetch` tidies a path before it sends it.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSigner } from 'fast-jwt';
import type { Test } from 'tap';
import { freePort } from './free-port.js';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** tap's spawn gives every child a NODE_OPTIONS that loads tap; `env` takes it out again and becomes the program. */
export const LATCHKEY = { file: 'env', args: ['-u', 'NODE_OPTIONS', process.execPath, CLI] } as const;
const START_MS = 60_000;
const ANSWER_MS = 30_000;
const STOP_MS = 30_000;
/** Between two looks at what another process does, which needs the processor for it. */
const LOOK_MS = 2;

export interface Answer {
  readonly status: number;
  /** Lower-case names; the last one of several. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** All that came, as it came: behind the body may be what should not have come. */
  readonly bytes: Buffer;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Site {
  readonly port: number;
  readonly dataFolder: string;
  readonly process: ChildProcess;
  token(user: string, claims?: Readonly<Record<string, unknown>>): string;
  cli(...args: readonly string[]): Promise<CliResult>;
  /** Sends the bytes as they are and reads until nginx closes. */
  raw(bytes: string | Buffer): Promise<Answer>;
  /** One request; the target goes out as it is written. */
  ask(method: string, target: string, options?: AskOptions): Promise<Answer>;
  /** What the program, its services and nginx have written so far. */
  said(): string;
}

export interface AskOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export async function startSite(
  t: Test,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Site> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  // Before testdir(): tap removes the folder first where it was asked for first, and the services still write there.
  t.teardown(() => child && stopped(child));
  const dataFolder = `${t.testdir()}/data`;
  child = spawn(
    LATCHKEY.file,
    [...LATCHKEY.args, 'up', '--port', String(port), '--data', dataFolder, ...args],
    {
      env: plainEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, so that what does not stop can be killed whole
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  await untilReady(child, () => said);
  const secret = env.LATCHKEY_JWT_SECRET ?? ownSecret(dataFolder);
  const raw = (bytes: string | Buffer) => exchange(port, bytes);
  return {
    port,
    dataFolder,
    process: child,
    token: (user, claims = {}) => tokenFor(secret, user, claims),
    cli: (...words) => runCli(['--data', dataFolder, ...words], env),
    raw,
    ask: (method, target, options = {}) => raw(requestBytes(method, target, options)),
    said: () => said,
  };
}

/** Empty where the tokens are somebody else's: then the test signs its own. */
function ownSecret(dataFolder: string): string {
  const file = `${dataFolder}/secret`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}

/** Ours, without what tap puts there to watch its own processes and without settings: as a user runs the program. */
export function plainEnvironment(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(?:NODE_OPTIONS|_?TAP|LATCHKEY_)/.test(name));
  return { ...Object.fromEntries(own), ...env };
}

export function tokenFor(
  secret: string,
  user: string,
  claims: Readonly<Record<string, unknown>> = {},
): string {
  const sign = createSigner({ key: secret, algorithm: 'HS256' });
  return sign({ sub: user, exp: Math.floor(Date.now() / 1000) + 3600, ...claims });
}

export function requestBytes(
  method: string,
  target: string,
  { token, headers = {}, body }: AskOptions,
): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close'];
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  const bytes = Buffer.from(body ?? '');
  if (body !== undefined) lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

/** Tells it to stop and waits until it has. What is still there after the limit is killed, and that is an error. */
export function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve();
    const group = -child.pid;
    const timer = setTimeout(() => {
      process.kill(group, 'SIGKILL');
      reject(new Error(`'latchkey up' had not stopped ${STOP_MS} ms after SIGTERM`));
    }, STOP_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** Requests over connections that are kept, one after another: answers with the status and the text. */
export function keptConnection(t: Test, port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  return (method: string, path: string, token?: string, json?: unknown) =>
    new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
      const headers: Record<string, string> = {};
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      if (json !== undefined) headers['content-type'] = 'application/json';
      const asked = request(
        { host: '127.0.0.1', port, agent, method, path, headers, timeout: ANSWER_MS },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
        },
      );
      asked.on('timeout', () => asked.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
      asked.on('error', reject);
      asked.end(json === undefined ? undefined : JSON.stringify(json));
    });
}

/** Asks until `good`, and fails with what came last when that takes too long. */
export async function until<T>(
  ask: () => Promise<T>,
  good: (value: T) => boolean,
  limitMs: number,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after ${limitMs} ms`);
    await pause(LOOK_MS);
  }
}

/** Until the services, whose words come by a pipe and not with the answer, have said it. */
export function hasSaid({ said }: Pick<Site, 'said'>, what: RegExp | string): Promise<string> {
  const pattern = typeof what === 'string' ? { test: (text: string) => text.includes(what) } : what;
  return until(
    async () => said(),
    (text) => pattern.test(text),
    START_MS,
  );
}

function untilReady(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in ${START_MS} ms: ${said()}`)), START_MS);
    child.stdout?.on('data', () => {
      if (!/^ready http/m.test(said())) return;
      clearTimeout(timer);
      resolve();
    });
    // All that it has said is there by then.
    child.once('close', (code) => {
      clearTimeout(timer);
      reject(
        new Error(
          `'latchkey up' ended with ${code} (is nginx installed? apt-get install nginx-light): ${said()}`,
        ),
      );
    });
  });
}

function runCli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliResult> {
  return new Promise((resolve) => {
    execFile(
      LATCHKEY.file,
      [...LATCHKEY.args, ...args],
      { env: plainEnvironment(env) },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

export function exchange(port: number, bytes: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // nginx may close while we still write, which is heard by reading or by writing; what it said before counts.
      if (chunks.length === 0 || !['ECONNRESET', 'EPIPE'].includes(error.code ?? '')) reject(error);
    });
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(chunks))));
  });
}

function parseAnswer(all: Buffer): Answer {
  const end = all.indexOf('\r\n\r\n');
  // HTTP/0.9 answers with bare bytes.
  if (end === -1 || !all.subarray(0, 5).equals(Buffer.from('HTTP/')))
    return { status: 0, headers: {}, body: all, bytes: all };
  const head = all.subarray(0, end).toString('latin1');
  const body = all.subarray(end + 4);
  const status = Number(head.split(' ')[1]);
  if (status === 100) return parseAnswer(body);
  const headers = head
    .split('\r\n')
    .slice(1)
    .map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]);
  const named = Object.fromEntries(headers) as Record<string, string>;
  const whole = named['transfer-encoding'] === 'chunked' ? unchunked(body) : body;
  return { status, headers: named, body: whole, bytes: all };
}

function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, line).toString('latin1'), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(parts);
}
