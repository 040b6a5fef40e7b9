/**
 * Passwords of links, by scrypt (RFC 7914). What is stored, `scrypt$15$8$1$SALT$HASH`, has its parameters in it, so
 * that they can be raised. It never keeps a password, and never says how long a wrong one was right.
 */

import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { NotKnown } from '../acl/errors.js';
import { BoundedWork } from './bounded-work.js';

/** Bytes of UTF-8, normalised. Whoever may send a longer one has us hash it. */
export const PASSWORD_BYTES_MAX = 256;

const COST_LOG2 = 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** scrypt takes 128 × N × r bytes, 32 MiB, and a little. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;
/** Two of libuv's four threads: the other two are for files. */
const RUNNING_MAX = 2;
/** At some 100 ms each, the last of them waits two seconds. */
const WAITING_MAX = 32;

const STORED = /^scrypt\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9]{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

interface Stored {
  readonly options: ScryptOptions;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Of no link: no password has this hash, and to find that out takes as long as with any other. */
const NOBODYS: Stored = {
  options: optionsOf(COST_LOG2, BLOCK_SIZE, PARALLELISM),
  salt: randomBytes(SALT_BYTES),
  hash: randomBytes(HASH_BYTES),
};

const work = new BoundedWork({ runningMax: RUNNING_MAX, waitingMax: WAITING_MAX });

/** Why `text` can be no password, as a clause for an error message; `undefined` when it can be. */
export function passwordProblem(text: string): string | undefined {
  if (text === '') return 'it is empty';
  // Also, HMAC fills keys up with NUL: `a` and `a\0` would be the same password.
  if (/\p{Cc}/u.test(text)) return 'it holds a control character';
  return bytesOf(text).length > PASSWORD_BYTES_MAX
    ? `it is longer than ${PASSWORD_BYTES_MAX} bytes`
    : undefined;
}

/** What to store. @throws TooBusy, or RangeError where `passwordProblem` names one */
export async function hashPassword(text: string): Promise<string> {
  const problem = passwordProblem(text);
  if (problem !== undefined) throw new RangeError(`This cannot be a password: ${problem}.`);
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(bytesOf(text), salt, NOBODYS.options);
  const parts = [COST_LOG2, BLOCK_SIZE, PARALLELISM, salt.toString('base64url'), hash.toString('base64url')];
  return `scrypt$${parts.join('$')}`;
}

/**
 * Whether it is the password. Without a hash, or of a text that can be no password, the answer is no, by the same work.
 *
 * @throws TooBusy, or NotKnown where the hash is of a kind that this version does not know
 */
export async function verifyPassword(text: string, stored: string | undefined): Promise<boolean> {
  const possible = passwordProblem(text) === undefined;
  const { options, salt, hash } = stored === undefined ? NOBODYS : parse(stored);
  const derived = await derive(possible ? bytesOf(text) : Buffer.alloc(0), salt, options);
  return timingSafeEqual(derived, hash) && possible && stored !== undefined;
}

/** Stands for a hash where the hash itself may not go: another password has another mark. */
export function passwordMark(stored: string): string {
  return createHash('sha256').update(stored).digest().subarray(0, 16).toString('base64url');
}

function parse(stored: string): Stored {
  const match = STORED.exec(stored);
  if (match === null) {
    throw new NotKnown('store-unreadable', 'the hash of a password is of an unknown kind; upgrade Latchkey');
  }
  const [, cost, blockSize, parallelism, salt = '', hash = ''] = match;
  return {
    options: optionsOf(Number(cost), Number(blockSize), Number(parallelism)),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
}

function optionsOf(costLog2: number, blockSize: number, parallelization: number): ScryptOptions {
  return { N: 2 ** costLog2, r: blockSize, p: parallelization, maxmem: MEMORY_BYTES_MAX };
}

/** The same letters typed on another system may come composed otherwise (NIST SP 800-63B: NFKC). */
function bytesOf(text: string): Buffer {
  return Buffer.from(text.normalize('NFKC'));
}

function derive(password: Buffer, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return work.run(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password, salt, HASH_BYTES, options, (error, derived) => {
          if (error === null) resolve(derived);
          else reject(error);
        });
      }),
  );
}
