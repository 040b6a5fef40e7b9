/**
 * `POST` of a form and `PUT` of a file to a link. The order is that of the share route: token and terms, recipients,
 * password, and then whether the link takes files at all.
 */

import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { formLimits } from '../form-upload.js';
import { BadRequest } from '../problem.js';
import { takeAnyBody } from '../write-routes.js';
import { SHARE_PREFIX, shareAddress } from './address.js';
import { admit } from './admission.js';
import { receiveFile, receiveForm, requireOwnUpload, type Visit } from './file-request.js';
import type { FileRequestDeps } from './file-request-intake.js';
import { requirePassword } from './password.js';
import { putSchema } from './schemas.js';

/** In the same scope as `POST` of a password: one route takes both, by their type. */
export async function fileRequestRoutes(share: FastifyInstance, deps: FileRequestDeps): Promise<void> {
  await share.register(multipart, {
    throwFileSizeLimit: false,
    preservePath: true, // else a name would lose its folders in silence
    limits: formLimits(deps),
  });
  await share.register(async (raw) => {
    takeAnyBody(raw);
    raw.put(SHARE_PREFIX, { schema: putSchema }, async (request, reply) => {
      return receiveFile(deps, await admitUpload(deps, request, reply));
    });
  });
}

export async function postFiles(
  deps: FileRequestDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return receiveForm(deps, await admitUpload(deps, request, reply));
}

async function admitUpload(
  deps: FileRequestDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Visit> {
  const address = shareAddress(request.originalUrl);
  const admission = await admit(deps, request, address);
  const { link } = admission;
  await requireOwnUpload(deps, request, link);
  requirePassword(deps, request, link);
  if (link.kind === 'upload') return { request, reply, address, admission };
  reply.header('allow', 'GET, HEAD'); // RFC 9110 §15.5.6
  throw new BadRequest('This link takes no files; it only shows some.', 405);
}
