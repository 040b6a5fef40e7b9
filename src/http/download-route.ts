/**
 * `GET /_latchkey/download/<path>`: the file as an attachment under its own name, or inline with `?inline`.
 *
 * The bytes are nginx's: we answer X-Accel-Redirect with the path that was judged, percent-encoded, to a
 * location that only nginx itself can reach. nginx keeps our Content-Disposition and drops the rest.
 */

import { create } from 'content-disposition';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { encodeResourcePath, isFolder, nameOf } from '../acl/resource-path.js';
import type { DownloadSettings } from '../config.js';
import type { Gate } from './gate.js';
import { BadRequest } from './problem.js';
import { ProblemSchema } from './write-schemas.js';

export const DOWNLOAD_PREFIX = '/_latchkey/download';
/** nginx's internal location; behind it comes the file's URL. */
export const SERVE_PREFIX = '/_latchkey/serve';

export interface DownloadDeps {
  readonly gate: Gate;
  readonly mount: string;
  readonly download: DownloadSettings;
}

const downloadSchema = {
  tags: ['files'],
  summary: 'Download a file under its own name',
  querystring: Type.Object({
    inline: Type.Optional(Type.String({ description: 'show it rather than save it' })),
  }),
  response: { 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema, 503: ProblemSchema },
};

export function downloadRoute(app: FastifyInstance, deps: DownloadDeps): void {
  const accel = accelHeaders(deps.download);
  app.get<{ Querystring: { inline?: string } }>(
    DOWNLOAD_PREFIX,
    { schema: downloadSchema },
    async (request, reply) => {
      const who = await deps.gate.identify(request);
      const path = deps.gate.pathBehind(`${DOWNLOAD_PREFIX}/`, who);
      await deps.gate.require(who, 'read', path);
      if (isFolder(path)) throw new BadRequest('A folder cannot be downloaded; name a file in it.', 404);
      const type = request.query.inline === undefined ? 'attachment' : 'inline';
      return reply
        .headers(accel)
        .header('content-disposition', create(nameOf(path), { type }))
        .header('x-accel-redirect', SERVE_PREFIX + deps.mount.slice(0, -1) + encodeResourcePath(path))
        .send();
    },
  );
}

/** What nginx is told about sending it, where the operator has said so. */
function accelHeaders(settings: DownloadSettings): Readonly<Record<string, string>> {
  const given: readonly [string, string | number | undefined][] = [
    ['x-accel-buffering', settings.buffering],
    ['x-accel-charset', settings.charset],
    ['x-accel-expires', settings.expires],
    ['x-accel-limit-rate', settings.limitRate],
  ];
  return Object.fromEntries(
    given.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
