/**
 * What a signed URL, a signed cookie or the cookie of a share link says about a request, whoever the visitor is: it
 * allows, or it has ended, or it says nothing. Asked by the authorizer and by the download route, so that both take
 * the same ones.
 */

import { actionOfMethod } from '../acl/action.js';
import type { Authorizer } from '../acl/authorizer.js';
import type { Decision, Reason } from '../acl/decide.js';
import type { Awaitable } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { Asked } from '../credentials/presented.js';
import type { ShareCookies } from '../links/share-cookie.js';
import { tokensInCookie } from '../links/signed-cookie.js';
import { SIGNED_ACTION, type SignedUrlClaims, tokenInQuery } from '../links/signed-url.js';
import { ENDED, type SignedUrlJudgement, type SignedUrls } from '../links/signed-urls.js';

export interface LinkDecision {
  readonly decision: Decision;
  /** The token that came in the URL, which a page or a playlist does not hand on to what it loads. */
  readonly inQuery?: { readonly token: string; readonly claims: SignedUrlClaims };
}

/** `ended`: it opened the path once, and whoever may not have it otherwise is told so. */
export type ByLink = LinkDecision | typeof ENDED | undefined;

export interface LinkDeciders {
  readonly authorizer: Authorizer;
  readonly signedUrls: SignedUrls;
  readonly shareCookies: ShareCookies;
}

/** What the cookies of links have in their names; most requests have none. */
const COOKIES = 'latchkey-';

/** @throws NotKnown */
export function decideByLink(deciders: LinkDeciders, asked: Asked, path: ResourcePath): Awaitable<ByLink> {
  const { method = '', query, cookie } = asked;
  const token = query === undefined ? undefined : tokenInQuery(query);
  const hasCookie = cookie?.includes(COOKIES) === true;
  if (token === undefined && !hasCookie) return undefined;
  if (actionOfMethod(method) !== SIGNED_ACTION) return undefined;
  const byQuery = token === undefined ? undefined : decideByToken(deciders, token, path);
  return hasCookie ? decideByCookie(deciders, byQuery, asked, path) : byQuery;
}

/** Several cookies of a name are of several folders. One that has ended keeps nobody out whom another lets in. */
async function decideByCookie(
  deciders: LinkDeciders,
  byQuery: Awaitable<ByLink>,
  { cookie = '', address }: Asked,
  path: ResourcePath,
): Promise<ByLink> {
  let decided = await byQuery;
  for (const token of tokensInCookie(cookie)) {
    if (decided !== undefined && decided !== ENDED) return decided;
    const byToken = await decideByToken(deciders, token, path);
    decided =
      byToken === undefined || byToken === ENDED ? (byToken ?? decided) : { decision: byToken.decision };
  }
  if (decided !== undefined && decided !== ENDED) return decided;
  const link = await deciders.shareCookies.judge(cookie, path, address);
  if (link === undefined) return decided;
  return unlessExpired(await allowed(deciders, path, { kind: 'share-link', id: link.id }));
}

function decideByToken(deciders: LinkDeciders, token: string, path: ResourcePath): Awaitable<ByLink> {
  const judged = deciders.signedUrls.judge(token, path);
  return judged instanceof Promise ? judged.then(decided) : decided(judged);

  function decided(claims: SignedUrlJudgement | undefined): Awaitable<ByLink> {
    if (claims === undefined || claims === ENDED) return claims;
    const { id, keyId } = claims;
    const decision = allowed(deciders, path, { kind: 'signed-url', id, keyId });
    const inQuery = { token, claims };
    if (decision instanceof Promise) return decision.then((late) => unlessExpired(late, inQuery));
    return unlessExpired(decision, inQuery);
  }
}

/** Of a file that has expired a link says nothing: the visitor is judged without it. */
function unlessExpired(decision: Decision, inQuery?: NonNullable<LinkDecision['inQuery']>): ByLink {
  if (decision.outcome !== 'allow') return undefined;
  return { decision, ...(inQuery !== undefined && { inQuery }) };
}

function allowed({ authorizer }: LinkDeciders, path: ResourcePath, reason: Reason): Awaitable<Decision> {
  return authorizer.authorizeByLink(path, reason);
}
