/**
 * How the bytes of a PUT come: streamed through us, or as a file that nginx has written. Behind it both are a partial
 * with the digests that were asked for.
 *
 * nginx's headers about its file count on the raw URL alone, which only nginx itself reaches; on every other one they
 * are whatever a visitor has sent.
 */

import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { type DigestAlgorithm, type Digests, RunningDigests } from '../uploads/digests.js';
import { type Partial, tooLarge } from '../uploads/partial.js';
import { UploadProblem } from '../uploads/problem.js';
import type { Staging } from '../uploads/staging.js';
import { headerOf, type WriteDeps } from './write-request.js';

export interface StagedBody {
  readonly partial: Partial;
  readonly digests: Digests;
}

/** @throws UploadProblem; what was staged is dropped with the staging */
export type StageBody = (
  deps: WriteDeps,
  request: FastifyRequest,
  staging: Staging,
  algorithms: readonly DigestAlgorithm[],
) => Promise<StagedBody>;

export const stageStream: StageBody = (_deps, request, staging, algorithms) =>
  stageReadable(request.raw, staging, algorithms);

export const stageWritten: StageBody = async (deps, request, staging, algorithms) => {
  const name = headerOf(request, 'x-latchkey-upload') ?? '';
  const bytes = Number(headerOf(request, 'x-latchkey-upload-bytes') ?? 0);
  // nginx makes no file where the request has neither a length nor chunks.
  if (name === '' && bytes === 0) return stageReadable(Readable.from([]), staging, algorithms);
  if (bytes > deps.uploadBytesMax) throw tooLarge(deps.uploadBytesMax);
  const partial = await deps.rawUploads.take({ name, bytes });
  if (partial === undefined) throw notThere(request, name);
  staging.add(partial);
  const digests = await deps.fileDigests.of(deps.root.partialPath(partial.name), algorithms);
  return { partial, digests };
};

async function stageReadable(
  source: Readable,
  staging: Staging,
  algorithms: readonly DigestAlgorithm[],
): Promise<StagedBody> {
  const running = new RunningDigests(algorithms);
  const partial = await staging.receive(source, { onChunk: (chunk) => running.update(chunk) });
  return { partial, digests: running.finish() };
}

function notThere(request: FastifyRequest, name: string): Error {
  // nginx removes its file when the client goes away.
  if (request.raw.socket.destroyed) return new UploadProblem('incomplete', 'The client is gone.');
  return new Error(
    `nginx has written upload ${name} to another folder than ours: client_body_temp_path must be the folder 'nginx' in LATCHKEY_PARTIAL; 'latchkey nginx' prints it`,
  );
}
