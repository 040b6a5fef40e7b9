/** A site with share links, which the test makes as the command line does: in the store, from another process. */

import type { Test } from 'tap';
import { encodeResourcePath } from '../../src/acl/resource-path.js';
import type { ShareLinkRecord } from '../../src/acl/share-link.js';
import { newShareToken } from '../../src/links/share-token.js';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { path } from '../acl/given.js';
import { linkRecord, type linkTerms } from '../storage/given-links.js';
import { type Answer, type AskOptions, type Site, startSite } from './running-site.js';

const DAY_MS = 24 * 60 * 60 * 1000;

type Terms = Parameters<typeof linkTerms>[0];
type Headers = Readonly<Record<string, string>>;

export interface MadeLink {
  readonly id: string;
  readonly token: string;
  /** `/s/<token>`. */
  readonly url: string;
}

export interface SharedSite extends Site {
  readonly store: ReturnType<typeof openSqliteStore>;
  share(target: string, terms?: Terms, more?: Partial<Omit<ShareLinkRecord, 'terms'>>): Promise<MadeLink>;
  /** Writes a file as the administrator. */
  put(target: string, body: string | Buffer): Promise<void>;
  get(target: string, headers?: Headers, options?: AskOptions): Promise<Answer>;
  post(target: string, form: Readonly<Record<string, string>>, headers?: Headers): Promise<Answer>;
}

type Share = SharedSite['share'];

/** Makes links in a store. */
export function sharingIn(store: SharedSite['store']): Share {
  return async (target, terms = {}, more = {}) => {
    const { text, id, hash } = newShareToken();
    const now = Date.now();
    const about = { path: path(target), createdAt: now, hash, ...more };
    await store.shareLinks.addLink(linkRecord(id, about, { expiresAt: now + DAY_MS, ...terms }));
    return { id, token: text, url: `/s/${text}` };
  };
}

export async function sharedSite(
  t: Test,
  env: Headers = {},
  args: readonly string[] = [],
): Promise<SharedSite> {
  const site = await startSite(t, { LATCHKEY_ADMINS: 'user:root', ...env }, args);
  const store = openSqliteStore(`${site.dataFolder}/latchkey.db`);
  t.teardown(() => store.close());
  return {
    ...site,
    store,
    share: sharingIn(store),
    put: async (target, body) => {
      const { status } = await site.ask('PUT', `/files${encodeResourcePath(target)}`, {
        token: site.token('root'),
        body,
      });
      if (status !== 201 && status !== 204) throw new Error(`${status} for ${target}`);
    },
    get: (target, headers = {}, options = {}) => site.ask('GET', target, { headers, ...options }),
    post: (target, form, headers = {}) =>
      site.ask('POST', target, {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(form).toString(),
      }),
  };
}

/** `name=value` of each cookie that an answer sets, as a browser sends them back. */
export function cookiesOf({ bytes }: Answer): string {
  const head = bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
  const set = head.split('\r\n').filter((line) => /^set-cookie:/i.test(line));
  return set.map((line) => line.slice('set-cookie:'.length).split(';', 1)[0]?.trim()).join('; ');
}
