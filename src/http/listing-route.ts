/**
 * `GET /_latchkey/api/v1/files?path=/team/`: what a folder holds for whoever asks. Who may see nothing in it is answered
 * as for a file that they may not read, whether there is such a folder or not.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { formatInstant, isInstant } from '../acl/instant.js';
import { isFolder } from '../acl/resource-path.js';
import { BoundedWork } from '../links/bounded-work.js';
import type { FolderListing, KnownEntry } from '../uploads/folder-listing.js';
import { pathIn } from './api-values.js';
import type { Gate } from './gate.js';
import { FILES } from './life-routes.js';
import { listingSchema, PAGE } from './listing-schema.js';
import { BadRequest } from './problem.js';

export interface ListingRouteDeps {
  readonly gate: Gate;
  readonly listing: FolderListing;
}

/** A large folder is a second of work, and whoever may read one may ask for it as often as they like. */
const listings = new BoundedWork({ runningMax: 2, waitingMax: 32 });

export function listingRoute(instance: FastifyInstance, { gate, listing }: ListingRouteDeps): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.get(FILES, { schema: listingSchema }, async (request) => {
    const { path, after, max, sort = 'name', order = 'asc' } = request.query;
    const folder = pathIn(path);
    if (!isFolder(folder)) throw new BadRequest('A folder is listed; end its path in a slash.');
    const who = await gate.identifyOwn(request);
    await gate.decide(who, 'read', folder); // for nginx's log
    const size = max === undefined ? PAGE : Number(max);
    const question = { folder, subject: who.subject, after, max: size, sort, order };
    const page = await listings.run(() => listing.page(question));
    if (page === undefined) {
      await gate.require(who, 'read', folder);
      return { path: folder, entries: [] }; // allowed since it was listed
    }
    const next = page.next === undefined ? {} : { next: page.next };
    return { path: folder, entries: page.entries.map(entryJson), ...next };
  });
}

export function entryJson({ name, path, kind, bytes, modifiedSeconds, expiresAt, sha256 }: KnownEntry) {
  const modifiedAt = modifiedSeconds * 1000;
  return {
    name,
    path: path as string,
    kind,
    ...(kind === 'file' && { bytes }),
    // A folder's date would tell of what is in it.
    ...(kind === 'file' && isInstant(modifiedAt) && { modifiedAt: formatInstant(modifiedAt) }),
    ...(expiresAt !== undefined && { expiresAt: formatInstant(expiresAt) }),
    ...(sha256 !== undefined && { sha256 }),
  };
}
