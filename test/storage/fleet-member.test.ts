/** One of several processes that decide by a store: in which order it announces itself, follows, and leaves. */

import t, { type Test } from 'tap';
import {
  ANNOUNCEMENT_KEPT_MS,
  type AnnouncedAuthorizer,
  type AuthorizerName,
} from '../../src/acl/fleet-ports.js';
import type { FeedListener } from '../../src/storage/change-feed/change-feed.js';
import { FleetMember } from '../../src/storage/fleet-member.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { until } from '../nginx/running-site.js';
import { draft } from './given.js';
import { settled } from './interleavings.js';

const LIMIT_MS = 20_000;
const SELF: AuthorizerName = {
  id: 'self',
  name: 'self@here',
  place: 'here',
  pid: 7,
  stalenessMaxMs: 3_600_000,
};
const QUIET = { onLost: () => {}, onFound: () => {} };

/** A member, with all that it does to the outside in its order. */
async function joined(
  t: Test,
  others: readonly Partial<AnnouncedAuthorizer>[] = [],
  announcing = async (): Promise<void> => {},
) {
  const now = { monotonic: 0, wall: 0 };
  const did: string[] = [];
  const store = openMemoryStore();
  let listener: FeedListener | undefined;
  const member = await FleetMember.join({
    self: SELF,
    source: {
      load: (query) => {
        did.push('load');
        return store.facts.load(query);
      },
    },
    announcements: {
      announce: async ({ id }, { revision }) => {
        did.push(`announce ${id} at ${revision}`);
        await announcing();
      },
      withdraw: async (id) => void did.push(`withdraw ${id}`),
      authorizers: async () =>
        others.map((other) => ({
          ...SELF,
          id: 'other',
          revision: 0,
          unseenMs: 0,
          announcement: '',
          ...other,
        })),
      forget: async () => {},
    },
    feed: {
      listen: (to) => {
        listener = to;
      },
      publish: (revision) => void did.push(`publish ${revision}`),
      isListening: true,
      close: async () => void did.push('close the feed'),
    },
    clocks: { monotonic: () => now.monotonic, wall: () => now.wall },
    isThere: (pid) => pid === 1,
  });
  // What its timers do not do: keep this process going.
  const going = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(going));
  return { member, did, store, now, told: (revision: number) => listener?.onRevision(revision) };
}

const untilDid = (did: readonly string[], what: string) =>
  until(
    async () => did.join(', '),
    (all) => all.includes(what),
    LIMIT_MS,
  );

t.test('it announces itself before its first load, and then what the store answers', async (t) => {
  const { member, did } = await joined(t);
  t.strictSame(did, ['announce self at -1']);
  member.start({ polls: QUIET, announcements: QUIET });
  await untilDid(did, 'announce self at 0');
  await member.leave();
  t.strictSame(did.slice(-2), ['close the feed', 'withdraw self']);
});

t.test('those that have ended in its place go; who runs, and who is elsewhere, stays', async (t) => {
  const { did } = await joined(t, [
    { id: 'dead', pid: 2 },
    { id: 'my own number', pid: SELF.pid },
    { id: 'running', pid: 1 },
    { id: 'elsewhere', place: 'there', pid: 2 },
  ]);
  t.strictSame(did, ['withdraw dead', 'withdraw my own number', 'announce self at -1']);
});

t.test('what it hears of it asks for, and announces what it was answered, not what it heard', async (t) => {
  const { member, did, store, told } = await joined(t);
  member.start({ polls: QUIET, announcements: QUIET });
  await untilDid(did, 'announce self at 0');
  const { revision } = await store.acl.putGrants([draft('user:bob read /')]);
  told(revision + 1_000);
  await untilDid(did, `announce self at ${revision}`);
  t.notMatch(did.join(), /at 1\d{3}/);
  const loads = did.filter((what) => what === 'load').length;
  told(revision);
  t.equal(did.filter((what) => what === 'load').length, loads, 'what is known is asked for no more');
  await member.leave();
});

t.test('what it has written itself it knows before whoever wrote it goes on', async (t) => {
  const { member, did, store } = await joined(t);
  await member.facts.poll();
  const before = member.facts.version();
  const { revision } = await store.acl.putGrants([draft('user:bob read /')]);
  t.equal(member.facts.version(), before, 'nobody has said so yet');
  member.committed(revision);
  t.not(member.facts.version(), before);
  t.strictSame(did.slice(-1), [`publish ${revision}`]);
  await member.leave();
});

t.test('an announcement that is under way when it leaves does not come behind the farewell', async (t) => {
  const late = Promise.withResolvers<void>();
  let isJoined = false;
  const { member, did } = await joined(t, [], () => (isJoined ? late.promise : Promise.resolve()));
  isJoined = true;
  member.start({ polls: QUIET, announcements: QUIET });
  const left = member.leave();
  await settled();
  t.notMatch(did.join(), 'withdraw');
  late.resolve();
  await left;
  t.equal(did.at(-1), 'withdraw self');
});

t.test(
  'who could not announce itself for so long that it is forgotten decides no more from memory',
  async (t) => {
    const FORGOTTEN_IN_MS = ANNOUNCEMENT_KEPT_MS / 2;
    for (const clock of ['monotonic', 'wall'] as const) {
      let isAway = false;
      const announcing = async () => {
        if (isAway) throw new Error('the table of authorizers cannot be written');
      };
      const { member, now } = await joined(t, [], announcing);
      const trusts = async () => {
        await member.facts.poll();
        const version = member.facts.version();
        return member.facts.version() === version;
      };
      isAway = true;
      now[clock] = FORGOTTEN_IN_MS;
      t.equal(await trusts(), true, `${clock}: others wait for it`);
      now[clock] += 1;
      t.equal(await trusts(), false, `${clock}: they will not for long`);
      isAway = false;
      member.start({ polls: QUIET, announcements: QUIET });
      await until(trusts, (is) => is, LIMIT_MS);
      await member.leave();
    }
  },
);
