/** What of tus 1.0 is offered beside its core. The library has no concatenation: that is `final.ts`. */

export const EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'expiration',
  'checksum',
  'concatenation',
] as const;
