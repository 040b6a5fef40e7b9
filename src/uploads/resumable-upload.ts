/**
 * What is known of an upload that comes in several requests, apart from its bytes; and its form on the disk. What
 * cannot be read as one is none: it was written whole or not at all.
 */

import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { FailedCommits } from './commit-pause.js';
import type { Preconditions } from './preconditions.js';

/** Its creation's `Upload-Concat` (tus 1.0, concatenation). */
export interface Concat {
  /** As it came, to be said back. */
  readonly said: string;
  /** Ids of the uploads whose bytes it has, in this order. Absent: it is one of those itself. */
  readonly parts?: readonly string[];
}

export interface NewResumableUpload {
  readonly id: string;
  /** Of the file that it will be. */
  readonly path: ResourcePath;
  /** `undefined`: nobody had signed in. */
  readonly owner: Principal | undefined;
  /** Bytes; `undefined`: its sender does not know yet. */
  readonly length: number | undefined;
  /** All that its sender said of it, to be said back. */
  readonly metadata: Readonly<Record<string, string | null>>;
  /** To be set with the file, as they came. */
  readonly grants: string;
  /** Of its commit. */
  readonly preconditions: Preconditions;
  /** Absent: it is an upload by itself. */
  readonly concat?: Concat;
}

export interface ResumableUpload extends NewResumableUpload {
  /** UTC milliseconds. */
  readonly createdAt: number;
  /** Bytes from here on came with a checksum, and were not compared with it yet. */
  readonly uncheckedFrom?: number;
  /** The second name under which the committer was given the bytes. */
  readonly partial?: string;
  /** Commits of all its bytes that failed on our side. */
  readonly failed?: FailedCommits;
  /** It is a file. */
  readonly finished?: { readonly at: number; readonly entityTag: string };
}

const ID = /^[0-9a-f]{32}$/;

export function isUploadId(text: string): boolean {
  return ID.test(text);
}

/** It never is a file, but its bytes may become those of one. */
export function isPart({ concat }: NewResumableUpload): boolean {
  return concat !== undefined && concat.parts === undefined;
}

export function uploadToText(upload: ResumableUpload): string {
  return JSON.stringify(upload);
}

/** `undefined`: it is none. */
export function uploadFromText(text: string): ResumableUpload | undefined {
  const upload = parsed(text);
  if (typeof upload?.id !== 'string' || !isUploadId(upload.id) || typeof upload.path !== 'string') {
    return undefined;
  }
  if (typeof upload.preconditions !== 'object' || upload.preconditions === null) return undefined;
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = upload.preconditions;
  // JSON leaves out what is `undefined`.
  return {
    ...upload,
    owner: upload.owner,
    length: upload.length,
    preconditions: { ifMatch, ifNoneMatch, ifUnmodifiedSince },
  };
}

function parsed(text: string): ResumableUpload | undefined {
  try {
    return JSON.parse(text) as ResumableUpload;
  } catch {
    return undefined;
  }
}
