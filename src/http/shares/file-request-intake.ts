/**
 * The files of one request on their way to a file request: each is judged by its name, there must be room for it, and
 * all are committed or none. Nothing that is there is overwritten, or shows in an answer.
 *
 * The link is judged again for each path when it is committed: an upload may take an hour, and a revoke holds when
 * its command has returned.
 */

import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { RequestClosed } from '../../acl/errors.js';
import { composed, newNameProblem } from '../../acl/new-name.js';
import type { RequestedFile } from '../../acl/ports.js';
import { encodeResourcePath, fileIn, nameOf, type ResourcePath } from '../../acl/resource-path.js';
import type { ShareLink } from '../../acl/share-link.js';
import { hasEnding, numberedName } from '../../acl/upload-name.js';
import type { Committed, Upload } from '../../uploads/committer.js';
import type { Partial } from '../../uploads/partial.js';
import { NEVER_OVERWRITE } from '../../uploads/preconditions.js';
import { UploadProblem } from '../../uploads/problem.js';
import { Staging } from '../../uploads/staging.js';
import type { UploadsUnderWay } from '../../uploads/uploads-under-way.js';
import { BadRequest } from '../problem.js';
import type { WriteDeps } from '../write-request.js';
import type { ShareAddress } from './address.js';
import { type Admission, admitAgain } from './admission.js';
import type { ShareDeps } from './deps.js';
import type { ReceivedFile } from './file-request-page.js';
import { requirePassword } from './password.js';
import { ShareRefused } from './refusal.js';

export interface FileRequestDeps
  extends ShareDeps,
    Pick<WriteDeps, 'committer' | 'uploadBytesMax' | 'formFilesMax' | 'uploadLimits'> {
  readonly underWay: UploadsUnderWay;
}

interface StagedFile {
  readonly name: string;
  readonly partial: Partial;
}

/** How many files may still come; `undefined`: any number. */
export async function roomOf({ counts }: FileRequestDeps, link: ShareLink): Promise<number | undefined> {
  const { filesMax } = link.terms.upload;
  return filesMax === undefined ? undefined : Math.max(0, filesMax - (await counts.uploads(link.id)));
}

/** Of one file: the link's limit, and the service's. */
export function fileBytesMax({ uploadBytesMax }: FileRequestDeps, { terms }: ShareLink): number {
  return Math.min(terms.upload.bytesMax ?? uploadBytesMax, uploadBytesMax);
}

/** Whoever may only send files is not told of whose limit it is, nor of how much is there. */
function noRoom(cause: unknown): UploadProblem {
  const text = 'There is no room for this; ask whoever sent you the link.';
  return new UploadProblem('no-space', text, { cause });
}

export class Intake {
  readonly #deps: FileRequestDeps;
  readonly #request: FastifyRequest;
  readonly #address: ShareAddress;
  readonly #admission: Admission;
  readonly #staging: Staging;
  readonly #files: StagedFile[] = [];
  #begun = 0;

  constructor(deps: FileRequestDeps, request: FastifyRequest, address: ShareAddress, admission: Admission) {
    this.#deps = deps;
    this.#request = request;
    this.#address = address;
    this.#admission = admission;
    this.#staging = new Staging(deps.root, deps.uploadBytesMax);
  }

  /** @throws BadRequest for its name, UploadProblem, ShareRefused `full` or `crowded` */
  async receive(
    sentName: string,
    source: Readable,
    onChunk: (chunk: Uint8Array) => void = () => undefined,
  ): Promise<void> {
    const name = composed(sentName);
    this.#refuseName(name);
    await this.#reserve();
    const partial = await this.#staging.receive(source, {
      fileBytesMax: fileBytesMax(this.#deps, this.#link),
      onChunk,
    });
    this.#files.push({ name, partial });
  }

  /** @throws ShareRefused, UploadProblem, NotKnown; nothing is there then */
  async commit(): Promise<readonly ReceivedFile[]> {
    const { id, terms, path: folder } = (await this.#admitAgain(this.#address.below)).link;
    const requested = { linkId: id, filesMax: terms.upload.filesMax, folder };
    const { filesExpireSeconds: seconds } = terms.upload;
    const expiry = seconds !== undefined && { expiresAt: this.#deps.clock() + seconds * 1000 };
    const uploads = this.#files.map((file) => ({ ...this.#uploadOf(file, requested), ...expiry }));
    const committed = await this.#commitAll(uploads, folder);
    return committed.map(({ path, bytes }) => ({ name: nameOf(path), bytes }));
  }

  /** Whatever became of it. */
  async close(): Promise<void> {
    this.#deps.underWay.end(this.#link.id, this.#begun);
    await this.#staging.dropRest();
  }

  #refuseName(name: string): void {
    if (name === '') throw new BadRequest('There is no file; choose one, then send it.');
    const { endings } = this.#link.terms.upload;
    const path = fileIn(this.#link.path, name);
    if (path === undefined)
      throw new BadRequest(`${JSON.stringify(name)} cannot be a file's name, without folders; rename it.`);
    const problem = newNameProblem(name);
    if (problem !== undefined) throw new BadRequest(`This cannot be a file's name: ${problem}; rename it.`);
    if (hasEnding(name, endings)) return;
    throw new BadRequest(
      `${JSON.stringify(name)} is not asked for: names end in ${endings.join(', ')}; send another file.`,
    );
  }

  async #reserve(): Promise<void> {
    const room = (await roomOf(this.#deps, this.#link)) ?? Number.POSITIVE_INFINITY;
    if (room === 0) throw new ShareRefused('full', this.#link);
    if (this.#begun >= room) {
      throw new UploadProblem(
        'too-large',
        `There is room for ${room} more; choose so many, and send them again.`,
      );
    }
    if (!this.#deps.underWay.begin(this.#link.id, room)) throw new ShareRefused('crowded', this.#link);
    this.#begun += 1;
  }

  /** The folder may have moved since the first byte came, and the link with it. */
  #uploadOf({ name, partial }: StagedFile, requested: RequestedFile & { folder: ResourcePath }): Upload {
    const { endings } = this.#link.terms.upload;
    const { folder } = requested;
    const path = fileIn(folder, name);
    if (path === undefined)
      throw new BadRequest('The path of this file would be too long; shorten its name.');
    const candidate = async (number: number) => {
      const next = number === 1 ? path : fileIn(folder, numberedName(name, endings, number));
      return next === undefined || !(await this.#isOpen(next)) ? undefined : next;
    };
    return {
      path,
      candidate,
      partial,
      owner: undefined,
      grants: [],
      preconditions: NEVER_OVERWRITE,
      requested,
      // Who asks for certain endings asks for what these stand for.
      ...(endings.length > 0 && { content: 'as-named' as const }),
    };
  }

  async #commitAll(uploads: readonly Upload[], folder: ResourcePath): Promise<readonly Committed[]> {
    try {
      return await this.#staging.commit(this.#deps.committer, uploads);
    } catch (error) {
      if (error instanceof UploadProblem && error.code === 'quota-exceeded') throw noRoom(error);
      if (!(error instanceof RequestClosed)) throw error;
      const { link } = await this.#admitAgain(this.#address.below); // revoked meanwhile, it says so
      if (link.path !== folder) {
        throw new UploadProblem('conflict', 'The folder was moved meanwhile; send the files again.');
      }
      throw new ShareRefused('full', this.#link);
    }
  }

  /** Whether the maker may still write there. @throws ShareRefused when the link has ended */
  async #isOpen(path: ResourcePath): Promise<boolean> {
    const below = `/${encodeResourcePath(nameOf(path))}`;
    return (await this.#admitAgain(below)).judgement.kind === 'open';
  }

  /** A ticket that has ended since was good when the upload began; that of another password was not. */
  async #admitAgain(below: string): Promise<Admission> {
    const address = { ...this.#address, below };
    const now = await admitAgain(this.#deps, this.#request, address, this.#admission);
    const isSamePassword = now.link.terms.passwordHash === this.#link.terms.passwordHash;
    if (!isSamePassword) requirePassword(this.#deps, this.#request, now.link);
    return now;
  }

  get #link(): ShareLink {
    return this.#admission.link;
  }
}
