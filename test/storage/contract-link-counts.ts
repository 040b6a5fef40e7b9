/** The contract's rules on what is counted of share links: exact, in leases, and without a revision. */

import type { LeaseRequest } from '../../src/acl/link-ports.js';
import type { Store } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { load } from './given.js';
import { linkRecord, NOW } from './given-links.js';

const LEASE_MS = 1_000;

function request(clients: readonly string[], more: Partial<LeaseRequest> = {}): LeaseRequest {
  return { linkId: 'a', clients, now: NOW, until: NOW + LEASE_MS, downloadsMax: 2, ...more };
}

async function given(store: Store): Promise<void> {
  await store.shareLinks.addLink(linkRecord('a', {}, { downloadsMax: 2 }));
  await store.shareLinks.addLink(linkRecord('b', {}, { downloadsMax: 2 }));
}

const counted = async (store: Store, id = 'a') => (await store.shareLinks.link(id))?.downloads;

export function linkCountsContract(rule: Rule): void {
  rule('a download is counted once for each client, and there are so many', async (t, store) => {
    await given(store);
    const asks: readonly (readonly [string, string, number])[] = [
      ['ann', 'opened', 1],
      ['ann', 'held', 1],
      ['Ann', 'opened', 2],
      ['eve', 'exhausted', 2],
      ['ann', 'held', 2],
      ['Ann', 'held', 2],
    ];
    for (const [client, answer, downloads] of asks) {
      t.equal(await store.linkCounts.lease(request([client])), answer);
      t.equal(await counted(store), downloads);
    }
    t.equal(await counted(store, 'b'), 0);
    t.equal(await store.linkCounts.lease(request(['ann'], { linkId: 'b' })), 'opened', 'of another link');
  });

  rule(
    'a client of several names holds its lease under each of them, and under no other',
    async (t, store) => {
      await given(store);
      t.equal(await store.linkCounts.lease(request(['cookie:1', 'address:1'])), 'opened');
      for (const names of [['cookie:1'], ['address:1'], ['other', 'address:1']]) {
        t.equal(await store.linkCounts.lease(request(names)), 'held');
      }
      t.equal(
        await store.linkCounts.lease(request(['other'])),
        'opened',
        'coming with a holder gave it nothing',
      );
      t.equal(await store.linkCounts.lease(request([])), 'exhausted', 'nobody holds nothing');
    },
  );

  rule('a lease ends when it ends: coming again makes it no longer', async (t, store) => {
    await given(store);
    const at = (now: number) => store.linkCounts.lease(request(['ann'], { now, until: now + LEASE_MS }));
    t.equal(await at(NOW), 'opened');
    t.equal(await at(NOW + LEASE_MS - 1), 'held');
    t.equal(await at(NOW + LEASE_MS), 'opened');
    t.equal(await at(NOW + 2 * LEASE_MS - 1), 'held');
    t.equal(await at(NOW + 2 * LEASE_MS), 'exhausted');
    t.equal(await counted(store), 2);
  });

  rule('a lease that is over does not end that of another client', async (t, store) => {
    await given(store);
    await store.linkCounts.lease(request(['ann']));
    const later = { now: NOW + LEASE_MS, until: NOW + 2 * LEASE_MS, downloadsMax: 3 };
    await store.linkCounts.lease(request(['eve'], { now: NOW + 1, until: NOW + LEASE_MS + 1 }));
    t.equal(await store.linkCounts.lease(request(['bob'], later)), 'opened');
    t.equal(await store.linkCounts.lease(request(['eve'], later)), 'held');
    t.equal(await store.linkCounts.lease(request(['ann'], later)), 'exhausted');
  });

  rule('a raised limit opens what was exhausted, a lowered one closes it', async (t, store) => {
    await given(store);
    t.equal(await store.linkCounts.lease(request(['ann'], { downloadsMax: 1 })), 'opened');
    t.equal(await store.linkCounts.lease(request(['eve'], { downloadsMax: 1 })), 'exhausted');
    t.equal(await store.linkCounts.lease(request(['eve'], { downloadsMax: 2 })), 'opened');
    t.equal(await store.linkCounts.lease(request(['bob'], { downloadsMax: 1 })), 'exhausted');
    t.equal(await counted(store), 2);
  });

  rule('of ten that race for the last download one opens it', async (t, store) => {
    await given(store);
    await store.linkCounts.lease(request(['first']));
    const racing = Array.from({ length: 10 }, (_, i) => store.linkCounts.lease(request([`client ${i}`])));
    const answers = (await Promise.all(racing)).toSorted();
    t.strictSame(answers, [...Array(9).fill('exhausted'), 'opened']);
    t.equal(await counted(store), 2);
  });

  rule('a link that is not there, or is forgotten, opens nothing', async (t, store) => {
    await given(store);
    t.equal(await store.linkCounts.lease(request(['ann'], { linkId: 'none' })), 'exhausted');
    t.equal(await store.linkCounts.lease(request(['ann'])), 'opened');
    await store.shareLinks.forgetLinks(NOW * 2);
    t.equal(await store.linkCounts.lease(request(['ann'])), 'exhausted', 'its leases are forgotten with it');
    t.equal(await store.linkCounts.countUpload('a', undefined), false);
  });

  rule('uploads are counted up to their limit, and taken back', async (t, store) => {
    await given(store);
    const count = (filesMax: number | undefined) => store.linkCounts.countUpload('a', filesMax);
    const uploads = async () => (await store.shareLinks.link('a'))?.uploads;
    const racing = await Promise.all(Array.from({ length: 10 }, () => count(3)));
    t.equal(racing.filter((one) => one).length, 3);
    t.equal(await uploads(), 3);
    await store.linkCounts.uncountUpload('a');
    t.strictSame([await count(3), await count(3), await uploads()], [true, false, 3]);
    t.equal(await count(undefined), true, 'without a limit they are counted as well');
    t.equal(await uploads(), 4);
    for (let i = 0; i < 6; i++) await store.linkCounts.uncountUpload('a');
    t.equal(await uploads(), 0, 'not below nothing');
  });

  rule('a use is kept when it is later than the one before', async (t, store) => {
    await given(store);
    const used = async () => (await store.shareLinks.link('a'))?.lastUsedAt;
    for (const [at, kept] of [
      [NOW, NOW],
      [NOW - 1, NOW],
      [NOW + 1, NOW + 1],
    ] as const) {
      const uses = ['a', 'gone'].map((id) => [id, at] as const);
      await store.linkCounts.recordLinkUses(new Map(uses));
      t.equal(await used(), kept);
    }
  });

  rule('counting takes no revision', async (t, store) => {
    await given(store);
    const { revision } = await load(store);
    await store.linkCounts.lease(request(['ann']));
    await store.linkCounts.countUpload('a', undefined);
    await store.linkCounts.uncountUpload('a');
    await store.linkCounts.recordLinkUses(new Map([['a', NOW]]));
    t.equal((await load(store)).revision, revision);
    t.not(await counted(store), 0);
  });
}
