/** The uploads as @tus/server wants to have them, for one request: what it creates is what this one asked for. */

import type { Readable } from 'node:stream';
import { DataStore, ERRORS, Upload } from '@tus/server';
import type { Checksum } from '../../uploads/append.js';
import type { NewResumableUpload } from '../../uploads/resumable-upload.js';
import type { ResumableUploads } from '../../uploads/resumable-uploads.js';
import { EXTENSIONS } from './extensions.js';

export interface StoreRequest {
  /** Of a creation. */
  readonly begin?: Omit<NewResumableUpload, 'length'>;
  readonly checksum: Checksum | undefined;
}

export class UploadStore extends DataStore {
  readonly #uploads: ResumableUploads;
  readonly #request: StoreRequest;

  constructor(uploads: ResumableUploads, request: StoreRequest) {
    super();
    this.extensions = [...EXTENSIONS];
    this.#uploads = uploads;
    this.#request = request;
  }

  override async create(upload: Upload): Promise<Upload> {
    const { begin } = this.#request;
    if (begin === undefined) throw new Error('this request creates no upload');
    const { createdAt } = await this.#uploads.begin({ ...begin, length: upload.size });
    upload.creation_date = new Date(createdAt).toISOString();
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const upload = this.#uploads.find(id);
    if (upload === undefined) throw ERRORS.FILE_NOT_FOUND;
    const { length, metadata, createdAt, finished } = upload;
    return new Upload({
      id,
      offset: await this.#uploads.offset(upload),
      metadata: { ...metadata },
      ...(length !== undefined && { size: length }),
      // A finished one does not expire as the others do.
      ...(finished === undefined && { creation_date: new Date(createdAt).toISOString() }),
    });
  }

  override async write(source: Readable, id: string, offset: number): Promise<number> {
    if (this.#uploads.find(id)?.finished === undefined) {
      return this.#uploads.append(id, offset, source, this.#request.checksum);
    }
    source.resume(); // the library lets no byte pass behind the end
    return offset;
  }

  override async declareUploadLength(id: string, length: number): Promise<void> {
    await this.#uploads.setLength(id, length);
  }

  override async remove(id: string): Promise<void> {
    const upload = this.#uploads.find(id);
    if (upload === undefined) throw ERRORS.FILE_NOT_FOUND;
    // It is a file, or the journal may yet make it one.
    if (upload.finished !== undefined || upload.partial !== undefined) throw ERRORS.INVALID_TERMINATION;
    await this.#uploads.end(id);
  }

  override getExpiration(): number {
    return this.#uploads.lifetimeMs;
  }
}
