/**
 * What a signed URL or a signed cookie says about a request, whoever the visitor is: it allows, or it has ended, or
 * it says nothing. Asked by the authorizer and by the download route, so that both take the same ones.
 */

import { actionOfMethod } from '../acl/action.js';
import type { Authorizer } from '../acl/authorizer.js';
import type { Decision } from '../acl/decide.js';
import type { Awaitable } from '../acl/ports.js';
import type { ResourcePath } from '../acl/resource-path.js';
import type { Asked } from '../credentials/presented.js';
import { tokensInCookie } from '../links/signed-cookie.js';
import { SIGNED_ACTION, type SignedUrlClaims, tokenInQuery } from '../links/signed-url.js';
import { ENDED, type SignedUrlJudgement, type SignedUrls } from '../links/signed-urls.js';

export interface LinkDecision {
  readonly decision: Decision;
  readonly claims: SignedUrlClaims;
  readonly token: string;
  /** `query`: it came in the URL, which a page or a playlist does not hand on to what it loads. */
  readonly from: 'query' | 'cookie';
}

export interface LinkDeciders {
  readonly authorizer: Authorizer;
  readonly signedUrls: SignedUrls;
}

/** `ended`: it opened the path once, and whoever may not have it otherwise is told so. */
export type ByLink = LinkDecision | typeof ENDED | undefined;

/** @throws NotKnown */
export function decideByLink(
  deciders: LinkDeciders,
  { method = '', query, cookie }: Asked,
  path: ResourcePath,
): Awaitable<ByLink> {
  const inQuery = query === undefined ? undefined : tokenInQuery(query);
  const inCookie = cookie === undefined ? undefined : tokensInCookie(cookie);
  if (inQuery === undefined && inCookie === undefined) return undefined;
  if (actionOfMethod(method) !== SIGNED_ACTION) return undefined;
  const byQuery = inQuery === undefined ? undefined : decideByToken(deciders, inQuery, path, 'query');
  if (inCookie === undefined) return byQuery;
  return decideByFirst(deciders, byQuery, inCookie, path);
}

/** Several cookies of the name are of several folders. One that has ended keeps nobody out whom another lets in. */
async function decideByFirst(
  deciders: LinkDeciders,
  byQuery: Awaitable<ByLink>,
  tokens: readonly string[],
  path: ResourcePath,
): Promise<ByLink> {
  let decided = await byQuery;
  for (const token of tokens) {
    if (decided !== undefined && decided !== ENDED) return decided;
    decided = (await decideByToken(deciders, token, path, 'cookie')) ?? decided;
  }
  return decided;
}

function decideByToken(
  { signedUrls, authorizer }: LinkDeciders,
  token: string,
  path: ResourcePath,
  from: LinkDecision['from'],
): Awaitable<ByLink> {
  const judged = signedUrls.judge(token, path);
  return judged instanceof Promise ? judged.then(decided) : decided(judged);

  function decided(claims: SignedUrlJudgement | undefined): Awaitable<ByLink> {
    if (claims === undefined || claims === ENDED) return claims;
    const reason = { kind: 'signed-url', id: claims.id, keyId: claims.keyId } as const;
    const decision = authorizer.authorizeByLink(path, reason);
    if (decision instanceof Promise)
      return decision.then((late) => ({ decision: late, claims, token, from }));
    return { decision, claims, token, from };
  }
}
