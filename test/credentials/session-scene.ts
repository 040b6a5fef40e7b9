/** Sessions over a real store and a real site. Time is the test's. */

import type { Test } from 'tap';
import { NotKnown } from '../../src/acl/errors.js';
import type { Store } from '../../src/acl/ports.js';
import { Failures } from '../../src/credentials/failures.js';
import { askedOf } from '../../src/credentials/presented.js';
import { hashSession, type SessionSettings, Sessions } from '../../src/credentials/session.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { principal } from '../storage/given.js';
import { type AskedSite, askedSite } from './asked-site.js';

export const KEPT_MS = 30_000;

export interface SessionScene {
  readonly site: AskedSite;
  readonly store: Store;
  /** Milliseconds of the two clocks; `pass` moves both. */
  readonly time: { wall: number; elapsed: number };
  pass(ms: number): void;
  /** Who it is, in one word or two; `not known: …` with the reason. */
  who(cookie: string | undefined, address?: string): Promise<string>;
  endSession(cookies: string): Promise<unknown>;
  signOut(user: string): Promise<unknown>;
}

export async function sessionScene(
  t: Test,
  odd: Partial<SessionSettings> = {},
  keptMax?: number,
): Promise<SessionScene> {
  const site = await askedSite(t);
  const store = openMemoryStore();
  const time = { wall: 1_700_000_000_000, elapsed: 5_000 };
  const settings = {
    url: site.url,
    cookieNames: ['sid'],
    fields: { user: 'user', groups: 'groups', userPrefix: '', groupPrefix: '' },
    keptMs: KEPT_MS,
    timeoutMs: 10_000,
    reader: new CachedReader(store.facts, { bytesMax: 16 * 1024 * 1024 }),
    failures: new Failures({ addressMax: 5, userMax: 5 }, () => time.elapsed),
    clock: () => time.wall,
    elapsed: () => time.elapsed,
    ...odd,
  };
  const sessions = new Sessions(settings, keptMax);
  return {
    site,
    store,
    time,
    pass: (ms) => {
      time.wall += ms;
      time.elapsed += ms;
    },
    who: async (cookie, address) => {
      try {
        const found = await sessions.recognise(
          askedOf({
            ...(cookie !== undefined && { cookie }),
            ...(address !== undefined && { 'x-latchkey-address': address }),
          }),
        );
        if (typeof found === 'string') return found;
        const { authenticated, user, groups } = found.subject;
        if (!authenticated || !found.ambient || found.failure !== undefined) return 'not as it should be';
        return [user, ...groups].join(' ');
      } catch (error) {
        if (error instanceof NotKnown) return `not known: ${error.message}`;
        throw error;
      }
    },
    endSession: (cookies) => store.credentials.endSession(hashSession(cookies), time.wall),
    signOut: (user) => store.credentials.signOut(principal(user), time.wall),
  };
}
