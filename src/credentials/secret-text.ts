/**
 * The HMAC secrets of access tokens as text: one, or several with their key ids, the one that signs first.
 *
 *     9f8a…                      one secret, of tokens without a key id
 *
 *     2026-11 9f8a…              secrets with key ids: what `latchkey secret rotate` keeps
 *     2026-08 77ab…
 */

import { createPublicKey, type JsonWebKey, X509Certificate } from 'node:crypto';

/** Why a key cannot be used, as a clause that follows the key's name. It never repeats a key. */
export class KeyProblem extends Error {
  override readonly name = 'KeyProblem';
}

/** RFC 7518 §3.2: a key as long as the hash, or longer. */
const SECRET_BYTES_MIN = 32;

export interface SigningSecret {
  /** The `kid`; `undefined`: tokens that have none. */
  readonly id: string | undefined;
  readonly secret: string;
}

/** A key id, where a person chooses it. */
export const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** Each is tried by key id alone; more are somebody's mistake. */
export const SECRETS_MAX = 16;

/** @throws KeyProblem, which never repeats a secret */
export function parseSecrets(text: string): readonly SigningSecret[] {
  // Before it is taken apart: an OpenSSH key would pass for a key id and a secret.
  if (isPublicKey(text)) throw new KeyProblem(PUBLIC_KEY);
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) throw new KeyProblem('holds no secret');
  if (lines.length > SECRETS_MAX) throw new KeyProblem(`holds more than ${SECRETS_MAX} secrets`);
  const secrets = lines.map((line, i) => parseLine(line, lines.length > 1 ? `in its line ${i + 1} ` : ''));
  if (new Set(secrets.map(({ id }) => id)).size !== secrets.length) {
    throw new KeyProblem('has two secrets of one key id');
  }
  return secrets;
}

function parseLine(line: string, where: string): SigningSecret {
  const [, id, rest] = /^(\S+)\s+(\S+)$/.exec(line) ?? [];
  const named = id !== undefined && rest !== undefined && KEY_ID.test(id);
  const secret = named ? rest : line;
  const problem = secretProblem(secret);
  if (problem !== undefined) throw new KeyProblem(where + problem);
  return { id: named ? id : undefined, secret };
}

export function formatSecrets(secrets: readonly SigningSecret[]): string {
  return `${secrets.map(({ id, secret }) => (id === undefined ? secret : `${id} ${secret}`)).join('\n')}\n`;
}

/** Why a text is no HMAC secret, as a clause; `undefined` when it may be one. */
export function secretProblem(secret: string): string | undefined {
  const bytes = Buffer.byteLength(secret);
  if (bytes < SECRET_BYTES_MIN) {
    return `has ${bytes} bytes; at least ${SECRET_BYTES_MIN} are needed ('openssl rand -hex 32')`;
  }
  return isPublicKey(secret) ? PUBLIC_KEY : undefined;
}

const PUBLIC_KEY =
  'is a public key, which everybody may know; give it as LATCHKEY_JWT_PEM_FILE or LATCHKEY_JWKS_FILE';

/**
 * Whether a text is a public key in some encoding: as a secret it would let everybody sign
 * (RFC 8725 §2.1; the confusion of HS256 with RS256).
 */
function isPublicKey(text: string): boolean {
  const trimmed = text.trim();
  if (/^(?:ssh-|ecdsa-sha2-)/.test(trimmed) || trimmed.includes(PEM)) return true;
  if (/^[{[]/.test(trimmed)) return isJwks(trimmed);
  return [Buffer.from(trimmed, 'base64'), Buffer.from(trimmed, 'hex')].some(
    (bytes) => bytes.length >= SECRET_BYTES_MIN && (bytes.includes(PEM) || isDer(bytes)),
  );
}

const PEM = '-----BEGIN ';

function isDer(key: Buffer): boolean {
  if (parses(() => new X509Certificate(key))) return true;
  return (['spki', 'pkcs1'] as const).some((type) =>
    parses(() => createPublicKey({ key, format: 'der', type })),
  );
}

/** One key, a list of them, or a set. */
function isJwks(text: string): boolean {
  try {
    const given = JSON.parse(text) as { readonly keys?: unknown };
    const all = Object.hasOwn(given, 'keys') ? given.keys : given;
    const keys: readonly unknown[] = Array.isArray(all) ? all : [all];
    return keys.some((key) => parses(() => createPublicKey({ key: key as JsonWebKey, format: 'jwk' })));
  } catch {
    return false;
  }
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
