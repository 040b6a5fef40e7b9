/**
 * `GET /_latchkey/s/<token>[/…]`: what a share link leads to, and `POST` of its password. nginx asks nobody else about
 * these URLs: here the link is judged.
 *
 * The order is the promise: token and terms, then the recipients, then the password, then what there is. Whoever is
 * refused by one learns nothing of what comes after it.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ShareLink } from '../../acl/share-link.js';
import { UploadsUnderWay } from '../../uploads/uploads-under-way.js';
import { LINK_ANSWER_HEADERS } from '../page-frame.js';
import { discardRest } from '../write-request.js';
import { LOCATION_LENGTH_MAX, SHARE_PREFIX, type ShareAddress, shareAddress } from './address.js';
import { type Admission, admit, tell, visitorAddress } from './admission.js';
import { sendShareError } from './answer.js';
import { showFile, showFolder } from './content.js';
import type { ShareDeps } from './deps.js';
import { showFileRequest } from './file-request.js';
import type { FileRequestDeps } from './file-request-intake.js';
import { fileRequestRoutes, postFiles } from './file-request-routes.js';
import {
  givePasswordTicket,
  PASSWORD_FORM_BYTES_MAX,
  requireOwnForm,
  requirePassword,
  tryPassword,
} from './password.js';
import { ShareRefused } from './refusal.js';
import { loginLocation, returnedTo } from './return.js';
import { getSchema, postSchema } from './schemas.js';

const FORM = 'application/x-www-form-urlencoded';

export async function shareRoute(
  app: FastifyInstance,
  given: Omit<FileRequestDeps, 'underWay'>,
): Promise<void> {
  const deps: FileRequestDeps = { ...given, underWay: new UploadsUnderWay() };
  await app.register(async (share) => {
    share.setErrorHandler(sendShareError);
    share.addHook('onSend', async (_request, reply) => {
      // nginx would keep them, beside those of its own location.
      if (!reply.hasHeader('x-accel-redirect')) setMissing(reply, LINK_ANSWER_HEADERS);
    });
    share.addHook('onError', async (request) => discardRest(request));
    share.removeAllContentTypeParsers();
    share.addContentTypeParser(
      FORM,
      { parseAs: 'string', bodyLimit: PASSWORD_FORM_BYTES_MAX },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    // Attached, and looked at by nobody: the schema is for the document, and no query refuses a visitor.
    const options = { schema: getSchema, attachValidation: true };
    share.get(SHARE_PREFIX, options, (request, reply) => visit(deps, request, reply));
    await fileRequestRoutes(share, deps);
    share.post<{ Body: URLSearchParams | undefined }>(
      SHARE_PREFIX,
      { schema: postSchema },
      (request, reply) =>
        request.isMultipart()
          ? postFiles(deps, request, reply)
          : open(deps, request, reply, request.body ?? new URLSearchParams()),
    );
  });
}

function setMissing(reply: FastifyReply, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) if (!reply.hasHeader(name)) reply.header(name, value);
}

async function visit(
  deps: FileRequestDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const address = shareAddress(request.originalUrl);
  const back = returnedTo(request, address);
  if (back !== undefined) return redirect(reply, 302, back, address);
  const admission = await admitOrSignIn(deps, request, reply, address);
  if (admission === undefined) return reply;
  const { link } = admission;
  // Every URL that a page of the link has is relative to its root, which ends in a slash.
  if (address.below === '') return redirect(reply, 302, `./${address.token}/`, address);
  requirePassword(deps, request, link);
  switch (link.kind) {
    case 'read':
      return link.path.endsWith('/')
        ? showFolder(deps, request, reply, address, admission)
        : showFile(deps, request, reply, address, admission);
    case 'upload':
      return showFileRequest(deps, { request, reply, address, admission });
    default:
      return link.kind satisfies never;
  }
}

/** `undefined`: the visitor is on the way to the login page. */
async function admitOrSignIn(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  address: ShareAddress,
): Promise<Admission | undefined> {
  try {
    return await admit(deps, request, address);
  } catch (error) {
    if (!(error instanceof ShareRefused) || error.kind !== 'not-signed-in') throw error;
    const location = loginLocation(deps, request, reply, address, error);
    if (location === undefined) throw error;
    reply.redirect(location, 302);
    return undefined;
  }
}

/** The password was sent. */
async function open(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  form: URLSearchParams,
): Promise<FastifyReply> {
  requireOwnForm(deps, request);
  const address = shareAddress(request.originalUrl);
  const link = await linkOrGuess(deps, request, address, form.get('password') ?? '');
  if (link.terms.passwordHash !== undefined) {
    const right = await tryPassword(deps, form.get('password') ?? '', link, visitorAddress(request));
    if (!right) {
      tell(request, 'unauthenticated', link);
      throw new ShareRefused('wrong-password', link);
    }
    givePasswordTicket(deps, request, reply, address.token, link);
  }
  const { token, below } = address;
  const here = below === '' ? `${token}/` : below.slice(below.lastIndexOf('/') + 1);
  return redirect(reply, 303, here.length > LOCATION_LENGTH_MAX ? './' : `./${here}`, address);
}

/** Whoever guesses at links has to wait for the answer as long as whoever guesses at passwords. */
async function linkOrGuess(
  deps: ShareDeps,
  request: FastifyRequest,
  address: ShareAddress,
  password: string,
): Promise<ShareLink> {
  try {
    return (await admit(deps, request, address)).link;
  } catch (error) {
    const isGuess = error instanceof ShareRefused && error.kind === 'unknown';
    if (isGuess) await tryPassword(deps, password, undefined, visitorAddress(request));
    throw error;
  }
}

function redirect(
  reply: FastifyReply,
  status: 302 | 303,
  location: string,
  { query }: ShareAddress,
): FastifyReply {
  const whole = query.size === 0 ? location : `${location}?${query}`;
  return reply.redirect(whole.length > LOCATION_LENGTH_MAX ? location : whole, status);
}
