/**
 * `Repr-Digest`, `Content-Digest` and `Want-Repr-Digest` of an upload (RFC 9530). A PUT carries the whole
 * representation (a part is refused), so both digests are those of its bytes.
 *
 * An algorithm that we do not know is passed over, as the RFC wants it. A field that cannot be read is refused:
 * passing it over would commit bytes that the sender wanted to have looked at.
 */

import { type Dictionary, parseDictionary } from 'structured-headers';
import { DIGEST_ALGORITHMS, type DigestAlgorithm, type Digests, isDigestAlgorithm } from './digests.js';
import { UploadProblem } from './problem.js';

/** The headers as they came. */
export interface IntegrityFields {
  readonly reprDigest: string | undefined;
  readonly contentDigest: string | undefined;
  readonly wantReprDigest: string | undefined;
}

export interface Integrity {
  readonly expected: readonly ExpectedDigest[];
  /** The algorithm of the digest to answer with. */
  readonly wanted: DigestAlgorithm | undefined;
}

interface ExpectedDigest {
  readonly field: string;
  readonly algorithm: DigestAlgorithm;
  /** In base64. */
  readonly digest: string;
}

/** RFC 9530 §4: from 0, not acceptable, to 10, most preferred. */
const PREFERENCE_MAX = 10;

/** @throws UploadProblem `bad-request` */
export function parseIntegrity(fields: IntegrityFields): Integrity {
  return {
    expected: [
      ...parseDigests('Repr-Digest', fields.reprDigest),
      ...parseDigests('Content-Digest', fields.contentDigest),
    ],
    wanted: parseWanted(fields.wantReprDigest),
  };
}

/** What has to be computed. */
export function algorithmsOf({ expected, wanted }: Integrity): readonly DigestAlgorithm[] {
  const asked = new Set([...expected.map(({ algorithm }) => algorithm), wanted]);
  return DIGEST_ALGORITHMS.filter((algorithm) => asked.has(algorithm));
}

/** @throws UploadProblem `digest-mismatch` */
export function checkDigests({ expected }: Integrity, digests: Digests): void {
  const wrong = expected.find(({ algorithm, digest }) => digests.get(algorithm) !== digest);
  if (wrong === undefined) return;
  throw new UploadProblem(
    'digest-mismatch',
    `What arrived is not what ${wrong.field} promised: its ${wrong.algorithm} is ${digests.get(wrong.algorithm)}; send it again.`,
  );
}

/** The value of a `Repr-Digest`, where one is wanted. */
export function wantedDigest({ wanted }: Integrity, digests: Digests): string | undefined {
  return wanted && `${wanted}=:${digests.get(wanted)}:`;
}

function parseDigests(field: string, text: string | undefined): readonly ExpectedDigest[] {
  const digests: ExpectedDigest[] = [];
  for (const [algorithm, [value]] of parseField(field, text)) {
    if (!isDigestAlgorithm(algorithm)) continue;
    if (!(value instanceof ArrayBuffer)) throw unreadable(field);
    digests.push({ field, algorithm, digest: Buffer.from(value).toString('base64') });
  }
  return digests;
}

/** The one that is preferred; of several, the first. */
function parseWanted(text: string | undefined): DigestAlgorithm | undefined {
  let wanted: DigestAlgorithm | undefined;
  let highest = 0;
  for (const [algorithm, [preference]] of parseField('Want-Repr-Digest', text)) {
    if (!isDigestAlgorithm(algorithm)) continue;
    if (!isPreference(preference)) throw unreadable('Want-Repr-Digest');
    if (preference <= highest) continue;
    wanted = algorithm;
    highest = preference;
  }
  return wanted;
}

/** Whether a `sha-256` is acceptable to whoever downloads. What cannot be read wants nothing: it refuses nobody a file. */
export function wantsSha256(text: string | undefined): boolean {
  try {
    const [preference] = parseField('Want-Repr-Digest', text).get('sha-256') ?? [0];
    return isPreference(preference) && preference > 0;
  } catch {
    return false;
  }
}

function isPreference(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= PREFERENCE_MAX;
}

function parseField(field: string, text: string | undefined): Dictionary {
  if (text === undefined) return new Map();
  try {
    return parseDictionary(text);
  } catch (cause) {
    throw unreadable(field, cause);
  }
}

function unreadable(field: string, cause?: unknown): UploadProblem {
  const example = field === 'Want-Repr-Digest' ? 'sha-256=10' : 'sha-256=:…:, with base64 between the colons';
  return new UploadProblem('bad-request', `${field} is a dictionary such as ${example}; mend it.`, { cause });
}
