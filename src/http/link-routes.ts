/**
 * The HTTP API of share links, below /_latchkey/api/v1/links: for whoever may `manage` the path of the link. To
 * everybody else a link that there is looks like one that there is not.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Authorizer } from '../acl/authorizer.js';
import type { Receipts } from '../acl/fleet-ports.js';
import type { ShareLinkStore } from '../acl/link-ports.js';
import { isUser, type Principal } from '../acl/principal.js';
import { type ResourcePath, ROOT } from '../acl/resource-path.js';
import type { ShareLinkRecord } from '../acl/share-link.js';
import { linkJson } from '../links/link-json.js';
import type { LinkLifetime } from '../links/link-limits.js';
import { linkState } from '../links/link-state.js';
import { changeOfTerms, type TermsRequest } from '../links/link-terms.js';
import { authorityOf, newLink } from '../links/new-link.js';
import type { ShareLinks } from '../links/share-links.js';
import { type ShareSite, shareUrl } from '../links/share-url.js';
import { API_PREFIX } from './acl-routes.js';
import { instantIn, pathIn, principalIn } from './api-values.js';
import { effectiveOn } from './effective.js';
import type { Gate, Visitor } from './gate.js';
import { pageOfLinks } from './link-page.js';
import {
  type ChangeBody,
  changeLinkSchema,
  getLinkSchema,
  listLinksSchema,
  newLinkSchema,
  PAGE,
  revokeLinkSchema,
} from './link-schemas.js';
import { BadRequest } from './problem.js';

export interface LinkDeps {
  readonly gate: Gate;
  readonly authorizer: Authorizer;
  readonly store: ShareLinkStore;
  readonly receipts: Receipts | undefined;
  readonly links: ShareLinks;
  readonly settings: LinkLifetime & Pick<ShareSite, 'prefix'>;
  readonly visitor: { readonly publicUrl: string | undefined };
  /** UTC milliseconds. */
  readonly clock: () => number;
}

const LINKS = `${API_PREFIX}/links`;
const ONE_LINK = `${LINKS}/:id`;

/** A URL as its route is written: where nothing answers a method, it is told which ones are answered. */
export function linkPattern(url: string): string {
  return /^\/[^/]+$/.test(url.slice(LINKS.length)) && url.startsWith(LINKS) ? ONE_LINK : url;
}

export function linkRoutes(instance: FastifyInstance, deps: LinkDeps): void {
  const { gate, authorizer, store, links, settings, clock } = deps;
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  const context = () => ({ lifetime: settings, now: clock() });
  const told = async (link: ShareLinkRecord) => linkJson(link, await linkState(links, link));

  app.post(LINKS, { schema: newLinkSchema }, async (request, reply) => {
    const { path: text, kind = 'read', ...terms } = request.body;
    const path = pathIn(text);
    const who = await gate.identifyOwn(request);
    const subject = await gate.require(who, 'manage', path);
    const maker = makerOf(who);
    const manages = await authorizer.explain({ subject, action: 'manage', path });
    const authority = authorityOf(maker, subject, manages);
    const asked = { path, kind, authority, terms: termsIn(terms) };
    const { link, token } = await newLink(asked, context());
    const { revision } = await store.addLink(link);
    const url = shareUrl({ publicUrl: deps.visitor.publicUrl, prefix: settings.prefix }, token, path);
    reply.code(201).header('location', `${LINKS}/${link.id}`);
    return { url, ...(await told(link)), revision };
  });

  app.get(LINKS, { schema: listLinksSchema }, async (request) => {
    const { path: text, maker, after, max } = request.query;
    const path = text === undefined ? undefined : pathIn(text);
    const who = await gate.identifyOwn(request);
    // Without a path it is asked for each link; nobody who is nobody has any.
    if (path !== undefined || !who.subject.authenticated) await gate.require(who, 'manage', path ?? ROOT);
    const selection = {
      ...(path !== undefined && { path }),
      ...(maker !== undefined && { maker: userIn(maker) }),
      ...(after !== undefined && { after }),
      max: max === undefined ? PAGE : Number(max),
    };
    const page = await pageOfLinks(store, selection, (on) => mayManage(gate, who, on));
    const next = page.next === undefined ? {} : { next: page.next };
    return { links: await Promise.all(page.links.map(told)), ...next };
  });

  app.get(ONE_LINK, { schema: getLinkSchema }, async (request) => {
    return told(await managedLink(deps, request, request.params.id));
  });

  app.patch(ONE_LINK, { schema: changeLinkSchema }, async (request) => {
    const found = await managedLink(deps, request, request.params.id);
    refuseOperators(found, request);
    if (found.revokedAt !== undefined) throw revokedAlready();
    const change = await changeOfTerms(found.kind, found.terms, termsIn(request.body), context());
    const { value: link, revision } = await store.changeLink(found.id, change);
    if (link === undefined) throw revokedAlready();
    const effective = await effectiveOn(deps.receipts, revision, request.log);
    return { ...(await told(link)), revision, ...effective };
  });

  app.delete(ONE_LINK, { schema: revokeLinkSchema }, async (request) => {
    const found = await managedLink(deps, request, request.params.id);
    const now = clock();
    const { value = found, revision } = await store.revokeLink(found.id, now);
    const effective = await effectiveOn(deps.receipts, revision, request.log);
    return { ...(await told({ ...value, revokedAt: value.revokedAt ?? now })), revision, ...effective };
  });
}

/** The link, for whoever may manage its path. @throws BadRequest, where it is not there for this visitor; Refused */
async function managedLink(
  { gate, store }: LinkDeps,
  request: FastifyRequest,
  id: string,
): Promise<ShareLinkRecord> {
  const who = await gate.identifyOwn(request);
  const link = await store.link(id);
  const path = link?.path ?? ROOT;
  if (!who.subject.authenticated) await gate.require(who, 'manage', path);
  const may = await mayManage(gate, who, path);
  if (link === undefined || !may) {
    throw new BadRequest('There is no such link that you may manage; list those that there are.', 404);
  }
  return link;
}

async function mayManage(gate: Gate, who: Visitor, path: ResourcePath): Promise<boolean> {
  return (await gate.decide(who, 'manage', path)).outcome === 'allow';
}

function makerOf({ subject }: Visitor): Principal {
  if (subject.user !== undefined) return subject.user;
  throw new BadRequest('A link ends with its maker: sign in as a user to make one.', 401);
}

/** They stand without a grant: whoever may manage the path today could else make theirs outlast that. */
function refuseOperators({ authority }: ShareLinkRecord, { judged }: FastifyRequest): void {
  if (authority.maker !== undefined || judged?.decision.reason.kind === 'administrator') return;
  throw new BadRequest('The operator has made this link: administrators change it. You may revoke it.', 403);
}

function revokedAlready(): BadRequest {
  return new BadRequest('This link is revoked, for good; make a new one.', 409);
}

function userIn(text: string): Principal {
  const principal = principalIn(text);
  if (isUser(principal)) return principal;
  throw new BadRequest('maker is user:NAME.');
}

function termsIn({ notBefore, expiresAt, ...rest }: Static<typeof ChangeBody>): TermsRequest {
  return {
    ...rest,
    notBefore: notBefore === null ? null : instantIn('notBefore', notBefore),
    expiresAt: instantIn('expiresAt', expiresAt),
  };
}
