/** What of tus 1.0 is offered beside its core. */

/** Concatenation is not among them: the library has none. */
export const EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'expiration',
  'checksum',
] as const;
