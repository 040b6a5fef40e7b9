/**
 * What a store keeps of the bytes of files: their SHA-256, each with the version of the record that it was computed of.
 * A record that is replaced or removed takes its digest along, whoever writes it; one that is moved keeps it. No
 * decision rests on a digest, so it takes no revision.
 */

import type { FileRecord } from './ports.js';
import type { ResourcePath } from './resource-path.js';

/** A record, by what another version of its path has otherwise. */
export type FileVersion = Pick<FileRecord, 'path' | 'bytes' | 'updatedAt'>;

export interface StoredDigest extends FileVersion {
  /** In hexadecimal, in small letters. */
  readonly sha256: string;
}

export interface DigestStore {
  /** Of those that have one of the version that their record is of now. */
  digestsOf(paths: readonly ResourcePath[]): Promise<ReadonlyMap<ResourcePath, StoredDigest>>;
  /** Stores each whose record is of that version still, in one transaction. Answers with those that it stored. */
  putDigests(digests: readonly StoredDigest[]): Promise<readonly StoredDigest[]>;
}
