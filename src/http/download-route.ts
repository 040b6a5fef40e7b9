/**
 * `GET /_latchkey/download/<path>`: the file as an attachment under its own name, or inline with `?inline`.
 *
 * The bytes are nginx's: we answer X-Accel-Redirect with the path that was judged, percent-encoded, to a
 * location that only nginx itself can reach. nginx keeps our Content-Disposition and drops the rest.
 */

import { create } from 'content-disposition';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Authorizer } from '../acl/authorizer.js';
import { NOBODY } from '../acl/principal.js';
import { encodeResourcePath, isFolder, nameOf, type ResourcePath } from '../acl/resource-path.js';
import type { DownloadSettings, VisitorSettings } from '../config.js';
import { type Asked, askedOf } from '../credentials/presented.js';
import type { ShareCookies } from '../links/share-cookie.js';
import { ENDED, type SignedUrls } from '../links/signed-urls.js';
import { wantsSha256 } from '../uploads/integrity.js';
import type { KnownDigests } from '../uploads/known-digests.js';
import type { Gate } from './gate.js';
import { decideByLink } from './link-decision.js';
import { BadRequest, Refused, sendError } from './problem.js';
import { GONE, visitorHeaders } from './visitor-answer.js';
import { headerOf } from './write-request.js';
import { ProblemSchema } from './write-schemas.js';

export const DOWNLOAD_PREFIX = '/_latchkey/download';
/** nginx's internal location; behind it comes the file's URL. */
export const SERVE_PREFIX = '/_latchkey/serve';
/** nginx's named location that answers as for a file that is not there. */
export const HIDDEN = '@latchkey_hidden';

export interface DownloadDeps {
  readonly gate: Gate;
  readonly authorizer: Authorizer;
  readonly signedUrls: SignedUrls;
  readonly shareCookies: ShareCookies;
  readonly mount: string;
  readonly download: DownloadSettings;
  readonly visitor: VisitorSettings;
  /** `undefined`: none are kept. */
  readonly knownDigests: KnownDigests | undefined;
}

const downloadSchema = {
  tags: ['files'],
  summary: 'Download a file under its own name',
  querystring: Type.Object({
    inline: Type.Optional(Type.String({ description: 'show it rather than save it' })),
    lk: Type.Optional(Type.String({ description: 'the token of a signed URL' })),
  }),
  response: { 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema, 503: ProblemSchema },
};

export function downloadRoute(app: FastifyInstance, deps: DownloadDeps): void {
  const accel = accelHeaders(deps.download);
  app.get<{ Querystring: { inline?: string } }>(
    DOWNLOAD_PREFIX,
    // A parameter that is given twice refuses nobody: so it is where the file is asked for by its own URL.
    { schema: downloadSchema, attachValidation: true, errorHandler: refusalTeller(deps.visitor) },
    async (request, reply) => {
      const { path, hidden } = await judge(deps, request);
      if (isFolder(path)) throw new BadRequest('A folder cannot be downloaded; name a file in it.', 404);
      const type = request.query.inline === undefined ? 'attachment' : 'inline';
      const digest = hidden ? {} : await reprDigest(deps, request, path);
      return reply
        .headers(accel)
        .headers(digest)
        .header('content-disposition', create(nameOf(path), { type }))
        .header(
          'x-accel-redirect',
          hidden ? HIDDEN : SERVE_PREFIX + deps.mount.slice(0, -1) + encodeResourcePath(path),
        )
        .send();
    },
  );
}

/** RFC 9530: of the whole file, whatever part of it nginx then sends. A digest that is not stored is not computed. */
async function reprDigest(
  { knownDigests }: DownloadDeps,
  request: FastifyRequest,
  path: ResourcePath,
): Promise<Readonly<Record<string, string>>> {
  if (knownDigests === undefined || !wantsSha256(headerOf(request, 'want-repr-digest'))) return {};
  const sha256 = await knownDigests.at(path);
  if (sha256 === undefined) return {};
  return { 'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:` };
}

/** Refused, to a visitor whose link opened it once. */
class LinkEnded extends Refused {
  constructor({ decision, failure }: Refused) {
    super(decision, failure, 'This link has ended; ask whoever sent it to you for another one.');
  }
}

/** `hidden`: it is forbidden, and answered as what is missing is, with each of its headers. */
async function judge(
  deps: DownloadDeps,
  request: FastifyRequest,
): Promise<{ readonly path: ResourcePath; readonly hidden: boolean }> {
  const { gate, visitor } = deps;
  const who = await gate.identify(request);
  const path = gate.pathBehind(`${DOWNLOAD_PREFIX}/`, who);
  const byLink = await decideByLink(deps, askedAs(request), path);
  if (byLink !== undefined && byLink !== ENDED) {
    request.judged = { decision: byLink.decision, subject: NOBODY };
    return { path, hidden: false };
  }
  try {
    await gate.require(who, 'read', path);
    return { path, hidden: false };
  } catch (error) {
    if (error instanceof Refused && byLink === ENDED) throw new LinkEnded(error);
    const isForbidden = error instanceof Refused && error.decision.outcome === 'forbidden';
    if (isForbidden && visitor.hideForbidden) return { path, hidden: true };
    throw error;
  }
}

/** nginx answers a refused link as it answers a refused file, and is told the rest as the authorizer tells it. */
function refusalTeller(visitor: VisitorSettings) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof Refused) {
      const [path = ''] = request.originalUrl.split('?');
      const told =
        error instanceof LinkEnded
          ? GONE
          : visitorHeaders(visitor, error.decision, error, askedAs(request), path);
      for (let i = 0; i + 1 < told.length; i += 2) reply.header(told[i] ?? '', told[i + 1]);
    }
    return sendError(error, request, reply);
  };
}

/** The request as nginx's question to the authorizer would have it. */
function askedAs({ headers, method, originalUrl }: FastifyRequest): Asked {
  const begin = originalUrl.indexOf('?');
  const query = begin === -1 ? undefined : originalUrl.slice(begin + 1);
  return { ...askedOf(headers), method, query };
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
