/**
 * The judges of links, from a Config, over the keys of links. It looks at the file of keys again, so that a key that
 * was put in or taken out counts without a restart.
 */

import type { Authorizer } from '../acl/authorizer.js';
import type { CredentialReader, FactsReader } from '../acl/ports.js';
import type { Config } from '../config.js';
import { WatchedFiles } from '../host/watched-files.js';
import type { LinkJudges } from '../links/judges.js';
import { ShareCookies } from '../links/share-cookie.js';
import { ShareLinks } from '../links/share-links.js';
import { SignedUrls } from '../links/signed-urls.js';
import { Tickets } from '../links/ticket.js';
import { clock } from './foundations.js';
import { currentLinkKeysOf, KEY_FILES_POLL_MS, linkKeysOf } from './secrets.js';

export interface JudgeFoundations {
  readonly reader: CredentialReader & FactsReader;
  readonly authorizer: Authorizer;
  /** Told, for the log, why the keys stay as they were. */
  readonly onProblem: (message: string) => void;
}

/** @throws KeyProblem when the keys cannot be used */
export function openLinkJudges(
  config: Config,
  { reader, authorizer, onProblem }: JudgeFoundations,
): LinkJudges {
  linkKeysOf(config); // makes the data folder's own, where nobody has brought any
  const watched = new WatchedFiles(config.links.keys === undefined ? ['link-secret'] : []);
  const keys = currentLinkKeysOf(config);
  const tickets = new Tickets(keys);
  const signedUrls = new SignedUrls({
    keys,
    secondsMax: config.links.signedUrlSecondsMax,
    reader,
    clock,
  });
  const shareLinks = new ShareLinks({ reader, facts: reader, authorizer, clock });
  const shareCookies = new ShareCookies({ tickets, links: shareLinks, clock });
  const looking = setInterval(() => {
    if (!watched.changed()) return;
    try {
      const current = currentLinkKeysOf(config);
      for (const judge of [signedUrls, tickets]) judge.replaceKeys(current);
    } catch (error) {
      onProblem(`the keys of links stay as they were: ${(error as Error).message}`);
    }
  }, KEY_FILES_POLL_MS).unref();
  return { signedUrls, shareLinks, shareCookies, tickets, close: () => clearInterval(looking) };
}
