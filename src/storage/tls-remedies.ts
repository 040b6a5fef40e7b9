/**
 * What to do about an error of TLS, in the words of whoever names the files: the driver's own text says what is wrong, and
 * to whom that belongs nobody can see. It knows neither PostgreSQL nor Redis.
 */

export interface TlsWords {
  /** Such as `sslrootcert=`. */
  readonly authority: string;
  readonly certificate: string;
}

type Remedy = (words: TlsWords) => string;

const unknownAuthority: Remedy = ({ authority }) =>
  `the authority of its certificate is not known here; name that one's certificate with ${authority}`;
const noTls: Remedy = () => 'what answers there does not speak TLS; turn it on there, or look who that is';
const wantsCertificate: Remedy = ({ certificate }) =>
  `it wants a certificate of ours; name it with ${certificate}`;

const REMEDIES: readonly (readonly [code: RegExp, remedy: Remedy])[] = [
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_SIGNATURE_FAILURE)$/,
    unknownAuthority,
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, () => 'name the host as its certificate does'],
  [/^CERT_HAS_EXPIRED$/, () => 'renew the certificate there'],
  [/^CERT_NOT_YET_VALID$/, () => 'look at the clocks of both machines'],
  [/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, noTls],
  [/^ERR_SSL_\w*(?:CERTIFICATE_REQUIRED|UNKNOWN_CA|BAD_CERTIFICATE)$/, wantsCertificate],
  [
    /^(?:ENOENT|EACCES|EISDIR)$/,
    ({ authority, certificate }) => `${authority} and ${certificate} name files that may be read`,
  ],
];

/** `undefined`: it is none of these. */
export function tlsRemedy(error: unknown, words: TlsWords): string | undefined {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  // A unix socket that is not there is another matter.
  if (typeof code !== 'string' || syscall === 'connect') return undefined;
  return REMEDIES.find(([pattern]) => pattern.test(code))?.[1](words);
}
