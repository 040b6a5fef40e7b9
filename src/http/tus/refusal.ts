/** What the protocol of resumable uploads refuses by statuses of its own, and what its library throws, in our words. */

import { UploadProblem } from '../../uploads/problem.js';

export class ProtocolRefused extends Error {
  override readonly name = 'ProtocolRefused';
  readonly status: number;
  /** Of the problem's type. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

type Words = readonly [code: string, detail: string];

/** By the library's status (@tus/utils, ERRORS). */
const WORDS: Readonly<Record<number, Words>> = {
  404: ['not-found', 'There is no such upload; begin it again.'],
  409: [
    'wrong-offset',
    'The upload ends elsewhere than Upload-Offset says; ask it by HEAD, and go on from there.',
  ],
  410: ['not-found', 'There is no such upload any more; begin it again.'],
  413: [
    'too-large',
    'There are more bytes than the upload may have (Upload-Length, or Tus-Max-Size); begin one that fits.',
  ],
};

/** @param failure an Error, or an object of the library's */
export function asRefusal(failure: unknown): unknown {
  if (failure instanceof UploadProblem && failure.code === 'digest-mismatch') {
    return new ProtocolRefused(460, 'checksum-mismatch', failure.message);
  }
  const { status_code: status, body } = failure as { readonly status_code?: number; readonly body?: string };
  if (status === undefined) return failure;
  return protocolRefusal(status, body ?? '');
}

/** @param said the library's own words, which say which header it is */
export function protocolRefusal(status: number, said: string): ProtocolRefused {
  const [code, detail] = WORDS[status] ?? ['bad-request', `${said.trim()}; mend the request (tus 1.0).`];
  // It answers a header that is missing by 403, which is ours for who may not.
  return new ProtocolRefused(status === 403 ? 400 : status, code, detail);
}

/** A status that its client asks again after; 503 would make it begin anew. */
export function pausing(pauseMs: number): ProtocolRefused {
  const detail = `All bytes are here, and could not be made a file several times; ask again in ${Math.ceil(pauseMs / 1000)} seconds.`;
  return new ProtocolRefused(423, 'locked', detail);
}

export function locked(): ProtocolRefused {
  return new ProtocolRefused(423, 'locked', 'Another request is at this upload; try again in a moment.');
}
