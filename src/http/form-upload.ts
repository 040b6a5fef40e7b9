/**
 * `POST /files/<folder>/`: the files of a form (multipart/form-data, RFC 7578) into a folder, all or none. A
 * field `grants` sets grants on each of them.
 *
 * Everything in the form is a stranger's: its names, its number of parts, its lengths, and whether it ends.
 */

import type { Multipart } from '@fastify/multipart';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { Committed } from '../uploads/committer.js';
import type { Partial } from '../uploads/partial.js';
import { UploadProblem } from '../uploads/problem.js';
import { Staging } from '../uploads/staging.js';
import { BodyDigests } from './body-digests.js';
import { formPath } from './form-names.js';
import type { Visitor } from './gate.js';
import { ON_CONFLICT_HEADER, parseOnConflict, preconditionsFor, withOnConflict } from './on-conflict.js';
import { BadRequest } from './problem.js';
import { expiryFrom } from './requested-expiry.js';
import { parseRequestedGrants } from './requested-grants.js';
import { withinLimits } from './upload-limits.js';
import {
  describeFile,
  headerOf,
  preconditionsOf,
  refuseTooLarge,
  requireNewPath,
  stillMay,
  type WriteDeps,
} from './write-request.js';

const FIELD_BYTES_MAX = 64 * 1024;
const FIELDS_MAX = 100;
/** A part has three headers of use; the parser's own limit is 2,000. */
const PART_HEADERS_MAX = 20;
/** Of a part, all of them: a name of the longest path, percent-encoded, and the rest. */
const PART_HEADER_BYTES_MAX = 16 * 1024;

type FormLimits = Pick<WriteDeps, 'formFilesMax' | 'uploadBytesMax'>;

interface StagedFile {
  readonly path: ResourcePath;
  readonly partial: Partial;
}

interface StagedForm {
  readonly files: readonly StagedFile[];
  /** As in the header `X-Latchkey-Grants`. */
  readonly grants: string;
  /** As in the header `X-Latchkey-Expires`. */
  readonly expires: string;
  /** Each time that it was said, as in the header `X-Latchkey-On-Conflict`. */
  readonly onConflict: readonly string[];
}

export function formLimits(deps: FormLimits) {
  return {
    files: deps.formFilesMax,
    fields: FIELDS_MAX,
    parts: deps.formFilesMax + FIELDS_MAX,
    fieldSize: FIELD_BYTES_MAX,
    headerPairs: PART_HEADERS_MAX,
    headerSize: PART_HEADER_BYTES_MAX,
    // The parser cuts off silently: one byte more than we take, so that we see it and refuse.
    fileSize: deps.uploadBytesMax + 1,
  };
}

export async function postForm(
  deps: WriteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  who: Visitor,
  folder: ResourcePath,
) {
  const { user: owner } = await deps.gate.require(who, 'write', folder);
  if (!isFolder(folder)) {
    throw new BadRequest("A form is posted to a folder, whose URL ends in '/'; PUT a single file instead.");
  }
  if (!request.isMultipart()) throw new BadRequest('Send the files as multipart/form-data.', 415);
  refuseTooLarge(deps, request);
  const staging = new Staging(deps.root, deps.uploadBytesMax);
  try {
    const committed = await withinLimits(
      deps.uploadLimits,
      { request, reply, user: owner },
      () => receive(deps, request, who, folder, staging),
      (staged) => commitForm(deps, request, who, staging, staged),
    );
    return reply.code(201).send({ files: committed.map((file) => describeFile(deps, file)) });
  } finally {
    await staging.dropRest();
  }
}

async function commitForm(
  deps: WriteDeps,
  request: FastifyRequest,
  who: Visitor,
  staging: Staging,
  { files, grants, onConflict, expires }: StagedForm,
): Promise<readonly Committed[]> {
  const { user: owner } = who.subject;
  const expiry = expiryFrom(expires, deps.clock());
  const policy = parseOnConflict([headerOf(request, ON_CONFLICT_HEADER), ...onConflict]);
  const preconditions = preconditionsFor(policy, preconditionsOf(request));
  const uploads = files.map(({ path, partial }) => {
    const granted = { path, grants: parseRequestedGrants(grants, path) };
    const authorise = stillMay(deps.gate, who, granted);
    const upload = { ...granted, partial, owner, preconditions, authorise, ...expiry };
    return withOnConflict(deps, who, policy, upload);
  });
  return staging.commit(deps.committer, uploads);
}

async function receive(
  deps: WriteDeps,
  request: FastifyRequest,
  who: Visitor,
  folder: ResourcePath,
  staging: Staging,
): Promise<StagedForm> {
  const files: StagedFile[] = [];
  const grants: string[] = [];
  let expires = headerOf(request, 'x-latchkey-expires') ?? '';
  const onConflict: string[] = [];
  for await (const part of partsOf(deps, request)) {
    if (part.type === 'file') {
      // The parser leaves out a name that did not come.
      const name = (part.filename as string | undefined) ?? '';
      const path = await requireNewPath(deps, who, formPath(folder, name));
      files.push({ path, partial: await staging.receive(part.file) });
    } else if (part.fieldname === 'grants') grants.push(fieldText(part));
    else if (part.fieldname === 'expires') expires = fieldText(part);
    else if (part.fieldname === 'onConflict') onConflict.push(fieldText(part));
  }
  if (files.length === 0) throw new BadRequest('The form holds no file; add one.');
  return { files, grants: grants.join(','), onConflict, expires };
}

/** The parser's errors are about the form, so they are the sender's. @throws UploadProblem `digest-mismatch`, at the end */
export async function* partsOf(deps: FormLimits, request: FastifyRequest): AsyncGenerator<Multipart> {
  const digests = new BodyDigests(request);
  try {
    digests.watch();
    yield* request.parts();
  } catch (error) {
    throw formProblem(deps, error as FastifyError);
  }
  await digests.check();
}

function formProblem(deps: FormLimits, error: FastifyError): Error {
  switch (error.code) {
    case 'FST_PARTS_LIMIT':
    case 'FST_FILES_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return new UploadProblem(
        'too-large',
        `A form may hold at most ${deps.formFilesMax} files and ${FIELDS_MAX} fields; send it in several.`,
        { cause: error },
      );
    case 'FST_PROTO_VIOLATION':
      return new BadRequest('A field has a name that is reserved in JavaScript; rename the field.');
    default:
      return new BadRequest(`The form cannot be read (${error.message}); mend it, or send it again.`);
  }
}

function fieldText(part: Extract<Multipart, { type: 'field' }>): string {
  const { fieldname } = part;
  if (typeof part.value !== 'string')
    throw new BadRequest(`The field '${fieldname}' is plain text; send no JSON.`);
  if (!part.valueTruncated) return part.value;
  throw new BadRequest(
    `The field '${fieldname}' may have ${FIELD_BYTES_MAX} bytes; grant on the folder instead.`,
  );
}
