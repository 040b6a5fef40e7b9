/** For back ends in TypeScript or JavaScript: `import { signedPath } from 'latchkey'`. No call to us, no state. */

import {
  encodeResourcePath,
  parseResourcePath,
  pathProblem,
  type ResourcePath,
} from '../acl/resource-path.js';
import { newLinkId, SIGNED_URL_PARAMETER, signUrl } from './signed-url.js';

export interface SigningOptions {
  readonly keyId: string;
  readonly secret: string;
  /** The file's resource path, such as `/team/plan.pdf`; not percent-encoded. */
  readonly path: string;
  /** How long the link is good, in seconds. */
  readonly seconds: number;
  /** A folder above the file, such as `/team/`: the same token then opens all below it. */
  readonly folder?: string;
  /** By which the link can be revoked; drawn at random where it is not given. */
  readonly id?: string;
  /** The number that `latchkey link revoke --file` printed last, if it ever did. */
  readonly generation?: number;
  /** LATCHKEY_MOUNT. */
  readonly mount?: string;
  /** UTC milliseconds; now, where it is not given. */
  readonly now?: number;
}

/** `/files/team/plan.pdf?lk=…`. @throws Error when a path is none, or the folder is not above it */
export function signedPath(options: SigningOptions): string {
  const { keyId, secret, seconds, folder, generation = 0, mount = '/files/', now = Date.now() } = options;
  const path = parseResourcePath(options.path);
  const covered = parseResourcePath(folder ?? options.path);
  if (path === undefined || covered === undefined) {
    const wrong = path === undefined ? options.path : (folder ?? '');
    throw new Error(`${JSON.stringify(wrong)} is no resource path: ${pathProblem(wrong)}`);
  }
  if (folder !== undefined && !(folder.endsWith('/') && path.startsWith(folder))) {
    throw new Error(`${JSON.stringify(folder)} is no folder above ${options.path}`);
  }
  const issuedAt = Math.floor(now / 1000);
  const id = options.id ?? newLinkId();
  const claims = { keyId, path: covered, issuedAt, expiresAt: issuedAt + seconds, id, generation };
  const token = signUrl(secret, claims);
  return signedPathOf(path, token, mount);
}

/** The URL of a file with a token, path and query. */
export function signedPathOf(path: ResourcePath, token: string, mount: string): string {
  return `${mount.slice(0, -1)}${encodeResourcePath(path)}?${SIGNED_URL_PARAMETER}=${token}`;
}
