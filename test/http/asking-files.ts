/**
 * Requests to a files service over its unix socket: nothing tidies the target, and a body goes out whole, with a
 * length, or in chunks. Also forms, and what every refusal has to look like.
 */

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import type { Test } from 'tap';
import { tokenFor } from '../nginx/running-site.js';

export const SECRET = 'the secret of the tests: 32 bytes, or more';
export const WRITE = '/_latchkey/write/files';
export const DOWNLOAD = '/_latchkey/download';
export const API = '/_latchkey/api/v1';
const ANSWER_MS = 60_000;

export const token = (user: string, claims = {}): string => tokenFor(SECRET, user, claims);

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface AskOptions {
  /** Who asks; nobody when it is left out. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is iterated goes out in chunks, without a length. */
  readonly body?: string | Buffer | Iterable<string | Buffer> | AsyncIterable<string | Buffer>;
  readonly agent?: Agent;
}

export type Ask = (method: string, target: string, options?: AskOptions) => Promise<Answer>;

export function askOver(socketPath: string): Ask {
  return (method, path, { as, headers = {}, body, agent } = {}) =>
    new Promise((resolve, reject) => {
      const credentials = as === undefined ? {} : { authorization: `Bearer ${token(as)}` };
      const whole = typeof body === 'string' || Buffer.isBuffer(body) ? body : undefined;
      const length = whole === undefined ? undefined : Buffer.byteLength(whole);
      const asked = request({
        socketPath,
        method,
        path,
        agent: agent ?? false,
        headers: { ...credentials, ...(length !== undefined && { 'content-length': length }), ...headers },
        timeout: ANSWER_MS,
      });
      asked.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', reject);
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
      asked.on('error', reject);
      if (body === undefined || whole !== undefined) asked.end(whole);
      else Readable.from(body).pipe(asked);
    });
}

/** Sends bytes as they are, and answers with all that came until the other side closed. */
export function rawOver(socketPath: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath, () => socket.write(bytes));
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/** Where a socket's path is short enough: it may have only 107 bytes. */
export function shortFolder(t: Pick<Test, 'teardown'>): string {
  const folder = mkdtempSync('/tmp/latchkey-');
  chmodSync(folder, 0o777); // a service that root starts is another user
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface FormPart {
  readonly name: string;
  /** Of a file; a field has none. */
  readonly filename?: string;
  readonly text: string;
}

export const FORM_HEADERS = { 'content-type': 'multipart/form-data; boundary=xx' };

export function form(...parts: readonly FormPart[]): string {
  const texts = parts.map(({ name, filename, text }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: application/pdf`;
    return `--xx\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${text}\r\n`;
  });
  return `${texts.join('')}--xx--\r\n`;
}

/** RFC 9457, with a type of ours and a sentence that names the remedy. */
export function isProblem(t: Test, answer: Answer, status: number, code: string, detail: RegExp): void {
  t.equal(answer.status, status, `${status} ${code}`);
  t.match(answer.headers['content-type'], /^application\/problem\+json(?:;|$)/);
  const body = JSON.parse(answer.text) as Record<string, unknown>;
  t.match(body, { type: `urn:latchkey:problem:${code}`, status, title: String, detail });
}
