/** What a verb of `latchkey link` is. One file a verb; `link.ts` finds and runs it. */

import type { ShareLinkStore } from '../acl/link-ports.js';
import type { ShareLinkRecord } from '../acl/share-link.js';
import { readShareToken } from '../links/share-token.js';
import { type ExitCode, type Invocation, type OptionSpecs, RefusedError } from './command.js';

export interface LinkVerb {
  /** With the verb itself. */
  readonly usage: string;
  readonly options: OptionSpecs;
  /** How many words follow the verb, least and most. */
  readonly takes: readonly [number, number];
  run(invocation: Invocation, subjects: readonly string[]): Promise<ExitCode>;
}

/** A link by its id, or by the URL or the token that somebody found, of which no more counts than the id. */
export function linkIdIn(text: string): string {
  const token = text.split(/[/?#]/).map(readShareToken).find(Boolean);
  return token?.id ?? text;
}

/** @throws RefusedError where there is none */
export async function foundLink(links: ShareLinkStore, text: string): Promise<ShareLinkRecord> {
  const link = await links.link(linkIdIn(text));
  if (link !== undefined) return link;
  throw new RefusedError(
    `there is no link '${withoutSecrets(linkIdIn(text))}'; latchkey link list --all has the ids`,
  );
}

/** No more of each word than an id has: what is said may be kept in a log, and nearly a token is nearly all of one. */
export function withoutSecrets(text: string): string {
  return text.replace(/([A-Za-z0-9_-]{12})[A-Za-z0-9_-]{8,}/g, '$1…');
}
