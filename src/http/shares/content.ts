/**
 * What a link that is open shows: the file, whose bytes are nginx's, by X-Accel-Redirect, or the folder as a page. A
 * file that is being exchanged is told of to nobody, by no link either: the authorizer is asked first.
 */

import { create } from 'content-disposition';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NotKnown } from '../../acl/errors.js';
import {
  encodeResourcePath,
  isFolder,
  nameOf,
  parseResourcePath,
  percentDecode,
  type ResourcePath,
} from '../../acl/resource-path.js';
import type { ShareLink } from '../../acl/share-link.js';
import { BoundedWork } from '../../links/bounded-work.js';
import { isLinkRobot } from '../../links/robots.js';
import { needsCookie } from '../../links/signed-cookie.js';
import { accelHeaders } from '../download-route.js';
import { relativeTo, SERVE_LINK_PREFIX, type ShareAddress } from './address.js';
import type { Admission } from './admission.js';
import { asksForJson, sendPage } from './answer.js';
import { setLinkCookie } from './cookies.js';
import type { ShareDeps } from './deps.js';
import { folderJson, viewFolder } from './folder.js';
import { folderPage } from './folder-page.js';
import { requireLease, requireRoom } from './lease.js';
import { cardPage } from './pages.js';
import { ShareRefused } from './refusal.js';

/** A large folder is half a second of work, and whoever has a link may ask for it as often as they like. */
const listings = new BoundedWork({ runningMax: 2, waitingMax: 32 });

/** A link to one file is open under the file's own name; every other name leads there. */
export async function showFile(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  address: ShareAddress,
  admission: Admission,
): Promise<FastifyReply> {
  const { link } = admission;
  const name = nameOf(link.path);
  if (!(await isOpen(deps, admission, link.path))) throw await missing(deps, admission, link.path);
  if (percentDecode(address.below) !== `/${name}`) {
    const location = relativeTo(address.below, encodeResourcePath(name));
    if (location === undefined) throw new ShareRefused('missing', link);
    return reply.redirect(location, 302);
  }
  const found = await deps.root.find(link.path);
  if (found?.kind !== 'file') throw await missing(deps, admission, link.path);
  return sendFile(deps, request, reply, address, admission, link.path, found.bytes);
}

export async function showFolder(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  address: ShareAddress,
  admission: Admission,
): Promise<FastifyReply> {
  const { link, judgement } = admission;
  if (judgement.kind !== 'open') throw new ShareRefused('missing', link);
  const { path } = judgement;
  if (isFolder(path)) return sendFolder(deps, request, reply, address, admission, path);
  const found = await deps.root.find(path);
  if (found?.kind === 'file') return sendFile(deps, request, reply, address, admission, path, found.bytes);
  const folder = parseResourcePath(`${path}/`);
  const isThere = found?.kind === 'folder' && folder !== undefined;
  if (!isThere || !(await isOpen(deps, admission, folder))) throw await missing(deps, admission, path);
  return reply.redirect(`./${encodeResourcePath(nameOf(path))}/`, 302);
}

async function sendFolder(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { query }: ShareAddress,
  admission: Admission,
  folder: ResourcePath,
): Promise<FastifyReply> {
  const { link } = admission;
  await requireRoom(deps, request, link, admission.address);
  const view = await listings.run(() =>
    viewFolder({
      root: deps.root,
      linkPath: link.path,
      folder,
      query,
      isOpen: (path) => isListed(deps, admission, path),
    }),
  );
  if (view === undefined) throw await missing(deps, admission, folder);
  if (isRobot(request)) return sendPage(reply, cardPage(view.trail.at(-1) ?? '', undefined));
  deps.onUse(link.id, deps.clock());
  if (asksForJson(request.originalUrl)) return reply.send(folderJson(view));
  return sendPage(reply, folderPage(view));
}

async function sendFile(
  deps: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { token }: ShareAddress,
  { link, address }: Admission,
  path: ResourcePath,
  bytes: number,
): Promise<FastifyReply> {
  if (!(await isServed(deps, link, path))) throw new ShareRefused('missing', link);
  // nginx answers HEAD without a byte of the file.
  const isDownload = request.method !== 'HEAD' && !isRobot(request);
  if (!isDownload) await requireRoom(deps, request, link, address);
  if (isRobot(request)) return sendPage(reply, cardPage(nameOf(path), bytes));
  if (isDownload) {
    await requireLease(deps, request, reply, token, link, address);
    deps.onUse(link.id, deps.clock());
    if (needsCookie(path, link.path)) giveFilesCookie(deps, request, reply, link);
  }
  return reply
    .headers({ ...accelHeaders(deps.download), ...rateHeader(deps, link) })
    .header('content-disposition', create(nameOf(path), { type: link.terms.disposition }))
    .header('x-accel-redirect', SERVE_LINK_PREFIX + deps.mount.slice(0, -1) + encodeResourcePath(path))
    .send();
}

/** So that what a page or a playlist loads by the files' own URLs needs no token in them. */
function giveFilesCookie(
  { shareCookies, mount, visitor }: ShareDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  link: ShareLink,
): void {
  const cookie = shareCookies.issue(link, mount);
  if (cookie !== undefined) setLinkCookie(request, reply, cookie, visitor.publicUrl);
}

/** The operator's limit holds for links, too. */
function rateHeader({ download }: ShareDeps, { terms }: ShareLink): Readonly<Record<string, string>> {
  if (terms.rateMax === undefined) return {};
  return { 'x-accel-limit-rate': String(Math.min(terms.rateMax, download.limitRate ?? terms.rateMax)) };
}

function isRobot({ headers, method }: FastifyRequest): boolean {
  return method === 'GET' && isLinkRobot(headers['user-agent']);
}

/** @throws NotKnown of a file that is being exchanged */
async function isListed(deps: ShareDeps, admission: Admission, path: ResourcePath): Promise<boolean> {
  if (!(await isOpen(deps, admission, path))) return false;
  return isFolder(path) || isServed(deps, admission.link, path);
}

/** Not where the file has expired. @throws NotKnown of a file that is being exchanged */
async function isServed({ authorizer }: ShareDeps, { id }: ShareLink, path: ResourcePath): Promise<boolean> {
  return (await authorizer.authorizeByLink(path, { kind: 'share-link', id })).outcome === 'allow';
}

/**
 * A 404 is final. What is being moved, or was since the link was read, is only to be asked for again: whoever finds
 * nothing at a path after its rename sees here that it is committing, or where the link leads now.
 *
 * @throws NotKnown
 */
async function missing(deps: ShareDeps, admission: Admission, path: ResourcePath): Promise<ShareRefused> {
  const { link, address } = admission;
  await deps.authorizer.authorizeByLink(path, { kind: 'share-link', id: link.id });
  const now = await deps.links.judgeById({ id: link.id, path, address });
  if ('link' in now && now.link.path !== link.path) {
    throw new NotKnown('committing', `${link.path} has just been moved`);
  }
  return new ShareRefused('missing', link);
}

async function isOpen(
  { links }: ShareDeps,
  { link, address }: Admission,
  path: ResourcePath,
): Promise<boolean> {
  return (await links.judgeById({ id: link.id, path, address })).kind === 'open';
}
