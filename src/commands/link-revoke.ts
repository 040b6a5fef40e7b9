import { linkJson } from '../links/link-json.js';
import { DONE, type ExitCode, type Invocation } from './command.js';
import { resultInForce } from './in-force.js';
import { foundLink } from './link-verb.js';
import { withStore } from './session.js';

export const REVOKE_USAGE = 'revoke ID|URL…';
/** A line of a shell holds about so many. */
export const REVOKED_MAX = 10_000;

/** `latchkey link revoke` of share links: all or none; in force when it returns. */
export async function revokeLinks(invocation: Invocation, subjects: readonly string[]): Promise<ExitCode> {
  const now = Date.now();
  return withStore(invocation, async (session) => {
    const { acl, shareLinks } = session;
    const found = [];
    for (const subject of subjects) found.push(await foundLink(shareLinks, subject));
    for (const { id } of found) await shareLinks.revokeLink(id, now);
    const revoked = found.map((link) => linkJson({ ...link, revokedAt: link.revokedAt ?? now }, 'revoked'));
    const lines = found.map(
      ({ id, path, revokedAt }) =>
        `revoked${revokedAt === undefined ? '' : ' before'}: link ${id} of ${path}`,
    );
    await resultInForce(invocation, session, { revoked, revision: await acl.revision() }, lines);
    return DONE;
  });
}
