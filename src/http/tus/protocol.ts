/**
 * One request through @tus/server, which keeps the protocol: offsets, lengths, headers. What is asked is decided
 * before; what has come is committed by `finish`. Of the library's answer only the headers of the protocol pass: its
 * CORS headers are not ours, and its errors are answered as every other one.
 */

import { PassThrough, Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { discardRest, headerOf } from '../write-request.js';
import type { TusDeps } from './deps.js';
import { asRefusal, protocolRefusal } from './refusal.js';
import type { StoreRequest } from './upload-store.js';

export const UPLOADS_PREFIX = '/_latchkey/uploads';

/** How long a request goes on whose upload another one wants. */
const CUT_OFF_MS = 1_000;

const READ = [
  'tus-resumable',
  'upload-offset',
  'upload-length',
  'upload-defer-length',
  'upload-metadata',
  'content-type',
  'content-length',
] as const;
const TOLD =
  /^(?:tus-(?:resumable|version|extension|max-size)|upload-(?:offset|length|defer-length|metadata|expires)|location|cache-control|etag|content-location)$/;

export interface Exchange extends StoreRequest {
  readonly id: string;
  /** All bytes have come. Answers the headers that tell of the file. */
  readonly finish: () => Promise<Record<string, string>>;
}

/** @throws whatever is to be answered instead */
export async function exchange(
  deps: TusDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { id, finish, ...asked }: Exchange,
): Promise<void> {
  // Of 20 MiB, which a service that nobody asks for it has no need of.
  const [{ Server }, { UploadStore }] = await Promise.all([
    import('@tus/server'),
    import('./upload-store.js'),
  ]);
  let failure: unknown;
  const server = new Server({
    path: UPLOADS_PREFIX,
    datastore: new UploadStore(deps.resumable, asked),
    locker: deps.locks,
    lockDrainTimeout: CUT_OFF_MS,
    maxSize: deps.uploadBytesMax,
    relativeLocation: true, // a path of this site, whatever a proxy or the client calls it
    respectForwardedHeaders: false,
    namingFunction: () => id,
    getFileIdFromRequest: () => id,
    onUploadFinish: async () => ({ headers: await finish() }),
    onResponseError: (_request, error) => {
      failure = error;
      return undefined;
    },
  });
  const answer = await server.handleWeb(webRequest(request, id) as never);
  discardRest(request);
  if (failure !== undefined) throw asRefusal(failure);
  if (answer.status >= 400) throw protocolRefusal(answer.status, await answer.text());
  for (const [name, value] of answer.headers) if (TOLD.test(name)) reply.header(name, value);
  reply.code(answer.status);
}

function webRequest(request: FastifyRequest, id: string): Request {
  const { raw, method } = request;
  const headers = new Headers();
  for (const name of READ) {
    const value = headerOf(request, name);
    if (value !== undefined) headers.set(name, value);
  }
  const hasBody = method === 'POST' || method === 'PATCH';
  const made = new Request(`http://latchkey${UPLOADS_PREFIX}/${id}`, {
    method,
    headers,
    ...(hasBody && { body: Readable.toWeb(bodyOf(raw)) as ReadableStream, duplex: 'half' }),
  });
  // By this the library hears that the client has gone, and keeps what has come.
  return Object.defineProperty(made, 'runtime', { value: { name: 'node', node: { req: raw } } });
}

/** Of its own: what the library leaves of it is read to its end and thrown away, or the connection would wait. */
function bodyOf(raw: FastifyRequest['raw']): PassThrough {
  const body = new PassThrough();
  const breakOff = () => {
    if (!body.writableEnded) body.destroy(new Error('the client has gone'));
  };
  body.on('error', () => undefined);
  raw.on('error', breakOff);
  raw.once('close', breakOff);
  if (raw.destroyed) breakOff();
  else raw.pipe(body);
  return body;
}
