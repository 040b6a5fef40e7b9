/**
 * Not knowing: the third outcome beside yes and no. Whoever throws it could not find out; whoever catches it
 * answers 5xx, serves nothing and changes nothing (DESIGN §3).
 */

export type NotKnownCode =
  | 'store-unavailable' // the store did not answer, or not in time
  | 'store-unreadable' // it answered something that this version does not understand
  | 'issuer-unavailable' // the issuer's keys cannot be had, and the token may be of a new one
  | 'site-unavailable' // the site that knows the session did not answer, or with something else
  | 'content-unknown' // what is in an upload could not be found out, or not in time
  | 'scan-unavailable' // what has to look at an upload did not answer, or not so that it can be understood
  | 'taken-over' // another process changes the files of this store now, or may do so
  | 'committing'; // the path's bytes and grants are being exchanged right now

export class NotKnown extends Error {
  override readonly name = 'NotKnown';
  readonly code: NotKnownCode;

  constructor(code: NotKnownCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A file request has all its files, or was revoked. Nothing was written. */
export class RequestClosed extends Error {
  override readonly name = 'RequestClosed';
}

/** Somebody else has been writing for as long as we wait. Nothing was written. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy';
  readonly code = 'store-busy';
}
