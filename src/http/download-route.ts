/**
 * `GET /_latchkey/download/<path>`: the file as an attachment under its own name, or inline with `?inline`.
 *
 * The bytes are nginx's: we answer X-Accel-Redirect with the path that was judged, percent-encoded, to a
 * location that only nginx itself can reach. nginx keeps our Content-Disposition and drops the rest.
 */

import { create } from 'content-disposition';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { encodeResourcePath, isFolder, nameOf, type ResourcePath } from '../acl/resource-path.js';
import type { DownloadSettings, VisitorSettings } from '../config.js';
import { askedOf } from '../credentials/presented.js';
import type { Gate } from './gate.js';
import { BadRequest, Refused, sendError } from './problem.js';
import { visitorHeaders } from './visitor-answer.js';
import { ProblemSchema } from './write-schemas.js';

export const DOWNLOAD_PREFIX = '/_latchkey/download';
/** nginx's internal location; behind it comes the file's URL. */
export const SERVE_PREFIX = '/_latchkey/serve';
/** nginx's named location that answers as for a file that is not there. */
export const HIDDEN = '@latchkey_hidden';

export interface DownloadDeps {
  readonly gate: Gate;
  readonly mount: string;
  readonly download: DownloadSettings;
  readonly visitor: VisitorSettings;
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
    { schema: downloadSchema, errorHandler: refusalTeller(deps.visitor) },
    async (request, reply) => {
      const { path, hidden } = await judge(deps, request);
      if (isFolder(path)) throw new BadRequest('A folder cannot be downloaded; name a file in it.', 404);
      const type = request.query.inline === undefined ? 'attachment' : 'inline';
      return reply
        .headers(accel)
        .header('content-disposition', create(nameOf(path), { type }))
        .header(
          'x-accel-redirect',
          hidden ? HIDDEN : SERVE_PREFIX + deps.mount.slice(0, -1) + encodeResourcePath(path),
        )
        .send();
    },
  );
}

/** `hidden`: it is forbidden, and answered as what is missing is, with each of its headers. */
async function judge(
  { gate, visitor }: DownloadDeps,
  request: FastifyRequest,
): Promise<{ readonly path: ResourcePath; readonly hidden: boolean }> {
  const who = await gate.identify(request);
  const path = gate.pathBehind(`${DOWNLOAD_PREFIX}/`, who);
  try {
    await gate.require(who, 'read', path);
    return { path, hidden: false };
  } catch (error) {
    const isForbidden = error instanceof Refused && error.decision.outcome === 'forbidden';
    if (isForbidden && visitor.hideForbidden) return { path, hidden: true };
    throw error;
  }
}

/** nginx answers a refused link as it answers a refused file, and is told the rest as the authorizer tells it. */
function refusalTeller(visitor: VisitorSettings) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof Refused) {
      const [path = '', query] = request.originalUrl.split(/\?(.*)/s);
      const asked = { ...askedOf(request.headers), method: request.method, query };
      const told = visitorHeaders(visitor, error.decision, error, asked, path);
      for (let i = 0; i + 1 < told.length; i += 2) reply.header(told[i] ?? '', told[i + 1]);
    }
    return sendError(error, request, reply);
  };
}

/** What nginx is told about sending it, where the operator has said so. */
export function accelHeaders(settings: DownloadSettings): Readonly<Record<string, string>> {
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
