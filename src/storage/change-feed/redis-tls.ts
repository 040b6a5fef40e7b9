/**
 * What a connection to Redis over TLS is made with. The files are read as each connection is made, so that a renewed one
 * counts; one that cannot be read is an outage like another, and never a connection that trusts more than it was told.
 */

import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { RedisTls } from './redis-address.js';

/** Nobody is trusted by it. */
const NO_AUTHORITY: Buffer[] = [];

/**
 * For the driver, which copies it for each connection, and so asks for each file anew.
 *
 * @param onError told of a file that cannot be read, each time
 */
export function tlsOptions(
  { cacert, cert, key }: RedisTls,
  onError: (error: Error) => void,
): ConnectionOptions {
  const read = (file: string | undefined) => {
    try {
      return file === undefined ? undefined : readFileSync(file);
    } catch (error) {
      onError(error as Error);
      return undefined;
    }
  };
  const options: ConnectionOptions = {};
  const asked = (name: keyof ConnectionOptions, get: () => unknown) =>
    Object.defineProperty(options, name, { enumerable: true, get });
  if (cacert !== undefined) asked('ca', () => read(cacert) ?? NO_AUTHORITY);
  if (cert !== undefined) asked('cert', () => read(cert));
  if (key !== undefined) asked('key', () => read(key));
  return options;
}
