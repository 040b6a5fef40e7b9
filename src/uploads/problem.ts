/**
 * Why an upload or a removal cannot be. Each says in one sentence what is wrong and what to do; the HTTP
 * status of each is `http/problem.ts`'s.
 */

export type UploadProblemCode =
  | 'too-large'
  | 'no-space'
  | 'conflict'
  | 'precondition-failed'
  | 'not-found'
  | 'bad-request'
  | 'incomplete'
  | 'digest-mismatch'
  | 'type-refused'
  | 'scan-refused'
  | 'too-busy';

export class UploadProblem extends Error {
  override readonly name = 'UploadProblem';
  readonly code: UploadProblemCode;

  constructor(code: UploadProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A file system's error as a problem, where it is one that somebody can mend. */
export function asUploadProblem(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (NO_SPACE.has(code)) {
    return new UploadProblem(
      'no-space',
      'There is no space left for this file; free some, then send it again.',
      {
        cause: error,
      },
    );
  }
  if (code === 'ENAMETOOLONG') {
    return tooLongForDisk(error);
  }
  return error;
}

export function tooLongForDisk(cause?: unknown): UploadProblem {
  return new UploadProblem('bad-request', 'The path is too long for the file system; shorten it.', { cause });
}
