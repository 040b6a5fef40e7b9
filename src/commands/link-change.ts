import type { ShareLinkRecord } from '../acl/share-link.js';
import { linkJson } from '../links/link-json.js';
import { linkState } from '../links/link-state.js';
import { changeOfTerms } from '../links/link-terms.js';
import { DONE, RefusedError, UsageError } from './command.js';
import { resultInForce, waitOptions } from './in-force.js';
import { asUsage, requestedTerms, takeAwayOptions, termOptions } from './link-options.js';
import { foundLink, type LinkVerb } from './link-verb.js';
import { withStore } from './session.js';

/** `latchkey link change`: other terms for the same URL, in force when it returns. */
export const changeVerb: LinkVerb = {
  usage: 'change ID|URL OPTION…',
  options: { ...termOptions, ...takeAwayOptions, ...waitOptions },
  takes: [1, 1],
  run: async (invocation, [subject = '']) => {
    const now = Date.now();
    const request = requestedTerms(invocation, now);
    if (Object.keys(request).length === 0)
      throw new UsageError('name what is to be changed, such as --for 7d');
    return withStore(invocation, async (session) => {
      const { shareLinks, links } = session;
      const found = await foundLink(shareLinks, subject);
      if (found.revokedAt !== undefined) throw revokedAlready(found);
      const context = { lifetime: invocation.config.links, now };
      const change = await asUsage(changeOfTerms(found.kind, found.terms, request, context));
      const { value: link, revision } = await asUsage(shareLinks.changeLink(found.id, change));
      if (link === undefined) throw revokedAlready(found);
      const json = linkJson(link, await linkState(links, link));
      await resultInForce(invocation, session, { ...json, revision }, [
        `changed: link ${link.id} of ${link.path}`,
      ]);
      return DONE;
    });
  },
};

function revokedAlready({ id }: ShareLinkRecord): RefusedError {
  return new RefusedError(`the link ${id} is revoked, for good; make a new one with latchkey link create`);
}
