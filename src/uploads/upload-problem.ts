/**
 * Why an upload or a removal cannot be. Each says in one sentence what is wrong and what to do; the HTTP
 * status of each is `http/problem.ts`'s.
 */

export type UploadProblemCode =
  | 'too-large'
  | 'no-space'
  | 'quota-exceeded'
  | 'too-many'
  | 'too-slow'
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
