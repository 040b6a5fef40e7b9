/** Makes share links of requests for them: what they rest on, their token, their terms. It asks nobody and stores nothing. */

import type { ExplainedQuestion } from '../acl/authorizer.js';
import { isBuiltIn } from '../acl/decide.js';
import type { Principal, Subject } from '../acl/principal.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { LinkAuthority, ShareLinkKind, ShareLinkRecord } from '../acl/share-link.js';
import { LinkProblem } from './link-limits.js';
import { newTerms, type TermsContext, type TermsRequest } from './link-terms.js';
import { newShareToken } from './share-token.js';

export interface LinkRequest {
  readonly path: ResourcePath;
  readonly kind: ShareLinkKind;
  readonly authority: LinkAuthority;
  readonly terms: TermsRequest;
}

export interface NewLink {
  readonly link: ShareLinkRecord;
  /** The whole token, told this once. */
  readonly token: string;
}

/** Groups that a credential claims, as a link remembers them. */
const MAKER_GROUPS_MAX = 200;

/** Of whoever has the command line. */
export const OPERATOR: LinkAuthority = Object.freeze({
  maker: undefined,
  makerGroups: [],
  grantId: undefined,
});

/** @throws LinkProblem, TooBusy */
export async function newLink(request: LinkRequest, context: TermsContext): Promise<NewLink> {
  const { path, kind, authority } = request;
  if (kind === 'upload' && !isFolder(path)) {
    throw new LinkProblem(`a link that takes uploads is for a folder, such as ${path}/, not for a file`);
  }
  const terms = await newTerms(kind, request.terms, context);
  const { text, id, hash } = newShareToken();
  const counts = { createdAt: context.now, lastUsedAt: undefined, downloads: 0, uploads: 0 };
  return { token: text, link: { id, hash, kind, path, authority, terms, revokedAt: undefined, ...counts } };
}

/**
 * What a link of this user's rests on.
 *
 * @param maker the subject's user
 * @param manages whether the subject may manage the path: it may
 * @throws LinkProblem when the credential claims more groups than a link remembers; leaving out some would leave out
 *   what is denied to them
 */
export function authorityOf(
  maker: Principal,
  { groups }: Subject,
  manages: Pick<ExplainedQuestion, 'decision'>,
): LinkAuthority {
  if (groups.length > MAKER_GROUPS_MAX) {
    throw new LinkProblem(
      `your credential claims ${groups.length} groups, and a link remembers at most ${MAKER_GROUPS_MAX}; make it with an API key`,
    );
  }
  const { reason } = manages.decision;
  const grantId = reason.kind === 'grant' && !isBuiltIn(reason.grant) ? reason.grant.id : undefined;
  return { maker, makerGroups: groups, grantId };
}
