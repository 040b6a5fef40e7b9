/**
 * File requests: a link by which strangers send files into a folder and see nothing of it. `GET` of the link's root is
 * a page with a form, `POST` takes that form, `PUT` of a name below it takes one file. Of every name below, `GET`
 * says the same, whether there is such a file or not.
 *
 * The share route has admitted the visitor already; here the files are taken.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { percentDecode } from '../../acl/resource-path.js';
import type { ShareLink } from '../../acl/share-link.js';
import { RunningDigests } from '../../uploads/digests.js';
import { algorithmsOf, checkDigests, parseIntegrity } from '../../uploads/integrity.js';
import { fileTooLarge } from '../../uploads/partial.js';
import { asUploadProblem } from '../../uploads/problem.js';
import { partsOf } from '../form-upload.js';
import { BadRequest, logFailure, problemOf } from '../problem.js';
import { withinLimits } from '../upload-limits.js';
import { discardRest, integrityOf, refuseTooLarge } from '../write-request.js';
import type { ShareAddress } from './address.js';
import type { Admission } from './admission.js';
import { asksForJson, sendPage, wantsPage } from './answer.js';
import { type FileRequestDeps, fileBytesMax, Intake, roomOf } from './file-request-intake.js';
import { type FileRequestTerms, fileRequestPage, receivedPage } from './file-request-page.js';
import { requireOwnForm } from './password.js';
import { ShareRefused } from './refusal.js';

/** A request of somebody whom the link was opened to. */
export interface Visit {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly address: ShareAddress;
  readonly admission: Admission;
}

/** That the disk or a quota is full is for people to hear: nothing else than a smaller file will do. */
const NO_ROOM = 507;

/** What the form, and whoever sends files without one, has to know. */
export async function showFileRequest(
  deps: FileRequestDeps,
  { request, reply, address, admission: { link } }: Visit,
): Promise<FastifyReply> {
  if (address.below !== '/') throw new ShareRefused('takes-only', link);
  const terms = await termsOf(deps, link);
  if (terms.room === 0) throw new ShareRefused('full', link);
  if (asksForJson(request.originalUrl)) return reply.send(terms);
  return sendForm(reply, link, terms);
}

/** All files of a form, or none. */
export async function receiveForm(deps: FileRequestDeps, visit: Visit): Promise<FastifyReply> {
  const { request, reply, address, admission } = visit;
  if (address.below.length > 1) {
    throw new BadRequest("A form is posted to the link itself, whose URL ends in '/'.");
  }
  try {
    refuseTooLarge(deps, request);
    return await take(deps, visit, (intake) => receiveParts(deps, request, intake));
  } catch (error) {
    if (error instanceof ShareRefused || !wantsPage(request)) throw error;
    const { status, detail } = problemOf(asUploadProblem(error), request);
    if (status >= 500 && status !== NO_ROOM) throw error;
    if (status >= 500) logFailure(error, request);
    discardRest(request);
    return sendForm(reply.code(status), admission.link, await termsOf(deps, admission.link), detail);
  }
}

async function receiveParts(deps: FileRequestDeps, request: FastifyRequest, intake: Intake): Promise<void> {
  let files = 0;
  for await (const part of partsOf(deps, request)) {
    if (part.type !== 'file') continue; // a form has no other field of use
    files += 1;
    await intake.receive((part.filename as string | undefined) ?? '', part.file);
  }
  if (files === 0) throw new BadRequest('The form holds no file; add one.');
}

/** One file, under the name in the URL: `curl -T plan.pdf https://…/s/<token>/`. */
export async function receiveFile(deps: FileRequestDeps, visit: Visit): Promise<FastifyReply> {
  const { request, address, admission } = visit;
  const name = percentDecode(address.below)?.slice(1) ?? '';
  if (name === '') throw new BadRequest("A file needs a name: put it behind the link's last '/'.");
  if (request.headers['content-range'] !== undefined) {
    throw new BadRequest('A part of a file cannot be put; send the whole file, without Content-Range.');
  }
  const bytesMax = fileBytesMax(deps, admission.link);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw fileTooLarge(bytesMax);
  const integrity = parseIntegrity(integrityOf(request));
  const running = new RunningDigests(algorithmsOf(integrity));
  return take(deps, visit, async (intake) => {
    await intake.receive(name, request.raw, (chunk) => running.update(chunk));
    checkDigests(integrity, running.finish());
  });
}

/** A proof that a browser sends by itself, the visitor's own or a ticket, counts only from our own page. */
export async function requireOwnUpload(
  deps: FileRequestDeps,
  request: FastifyRequest,
  { terms }: ShareLink,
): Promise<void> {
  if (terms.recipients.length > 0) await deps.gate.identifyOwn(request);
  if (terms.passwordHash !== undefined) requireOwnForm(deps, request);
}

async function take(
  deps: FileRequestDeps,
  { request, reply, address, admission }: Visit,
  receive: (intake: Intake) => Promise<void>,
): Promise<FastifyReply> {
  const { link } = admission;
  const intake = new Intake(deps, request, address, admission);
  try {
    const files = await withinLimits(
      deps.uploadLimits,
      { request, reply, user: undefined },
      () => receive(intake),
      () => intake.commit(),
    );
    deps.onUse(link.id, deps.clock());
    reply.code(201);
    if (!wantsPage(request)) return reply.send({ files });
    return sendPage(reply, receivedPage(files, await roomOf(deps, link)));
  } finally {
    await intake.close();
  }
}

async function termsOf(deps: FileRequestDeps, link: ShareLink): Promise<FileRequestTerms> {
  const { endings, filesExpireSeconds } = link.terms.upload;
  return {
    room: await roomOf(deps, link),
    bytesMax: fileBytesMax(deps, link),
    endings,
    ...(filesExpireSeconds !== undefined && { filesExpireSeconds }),
  };
}

function sendForm(
  reply: FastifyReply,
  link: ShareLink,
  terms: FileRequestTerms,
  problem?: string,
): FastifyReply {
  reply.header('referrer-policy', 'strict-origin'); // as for the form of a password
  return sendPage(reply, fileRequestPage(link, terms, problem));
}
