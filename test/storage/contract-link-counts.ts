/** The contract's rules on what is counted of share links: exact, in leases, and without a revision. */

import type { LeaseRequest } from '../../src/acl/link-ports.js';
import type { CommitEntry, Store } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { entry, load, path } from './given.js';
import { linkRecord, NOW } from './given-links.js';

const LEASE_MS = 1_000;

function request(clients: readonly string[], more: Partial<LeaseRequest> = {}): LeaseRequest {
  return { linkId: 'a', clients, now: NOW, until: NOW + LEASE_MS, downloadsMax: 2, ...more };
}

async function given(store: Store): Promise<void> {
  await store.shareLinks.addLink(linkRecord('a', {}, { downloadsMax: 2 }));
  await store.shareLinks.addLink(linkRecord('b', {}, { downloadsMax: 2 }));
}

/** A file that comes by a file request. */
function fileOf(linkId: string, name: string, filesMax: number | undefined): CommitEntry {
  return { ...entry(name, path(`/in/${name}`), 'at-once'), requested: { linkId, filesMax } };
}

const counted = async (store: Store, id = 'a') => (await store.shareLinks.link(id))?.downloads;

export function linkCountsContract(rule: Rule): void {
  rule('a file is counted for a link that still leads to its folder, and for no other', async (t, store) => {
    await store.shareLinks.addLink(linkRecord('a', { kind: 'upload', path: path('/in/') }));
    const into = (name: string, folder: string) => ({
      ...fileOf('a', name, undefined),
      requested: { linkId: 'a', filesMax: undefined, folder: path(folder) },
    });
    await store.files.beginCommit([into('one', '/in/')]);
    await store.files.finishCommit([into('one', '/in/')]);
    const [from, to] = [path('/in/'), path('/moved/')];
    const move = { name: 'm', from, to, grants: 'keep', file: undefined } as const;
    await store.moves.beginMove(move);
    await store.moves.finishMove(move);
    await t.rejects(store.files.beginCommit([into('two', '/in/')]), { name: 'RequestClosed' });
    t.equal(await store.linkCounts.uploads('a'), 1);
    t.equal(await store.files.file(path('/in/two')), undefined);
    await store.files.beginCommit([into('three', '/moved/')]);
    t.equal(await store.linkCounts.uploads('a'), 2);
  });

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

  rule('what a client would be answered is known without counting it', async (t, store) => {
    await given(store);
    const would = (client: string, more: Partial<LeaseRequest> = {}) =>
      store.linkCounts.wouldLease(request([client], more));
    t.equal(await would('ann'), 'opened');
    t.equal(await would('ann'), 'opened', 'it holds nothing by being asked about');
    for (const client of ['ann', 'eve']) await store.linkCounts.lease(request([client]));
    t.strictSame([await would('ann'), await would('bob')], ['held', 'exhausted']);
    t.equal(await would('ann', { now: NOW + LEASE_MS }), 'exhausted', 'its lease is over');
    t.equal(await would('bob', { downloadsMax: 3 }), 'opened');
    t.equal(await counted(store), 2);
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
  });

  rule('a file of a request counts from when it is journaled, up to the limit', async (t, store) => {
    await given(store);
    const begin = (name: string, filesMax: number | undefined) =>
      store.files.beginCommit([fileOf('a', name, filesMax)]).then(
        () => 'counted',
        (error: Error) => error.name,
      );
    const racing = await Promise.all(Array.from({ length: 10 }, (_, i) => begin(`p${i}`, 3)));
    t.strictSame(racing.toSorted(), [...Array(7).fill('RequestClosed'), ...Array(3).fill('counted')]);
    t.equal(await store.linkCounts.uploads('a'), 3);
    t.equal((await store.shareLinks.link('a'))?.uploads, 3);
    t.equal((await store.files.pending()).commits.length, 3, 'of the others nothing is written');
    t.equal(await begin('more', undefined), 'counted', 'without a limit they are counted as well');
    t.strictSame([await store.linkCounts.uploads('a'), await store.linkCounts.uploads('b')], [4, 0]);
    t.equal(await store.linkCounts.uploads('none'), 0);
  });

  rule('what is finished stays counted, and what is given up does not', async (t, store) => {
    await given(store);
    const [kept, lost] = [fileOf('a', 'kept', 5), fileOf('a', 'lost', 5)];
    await store.files.beginCommit([kept]);
    await store.files.beginCommit([lost]);
    t.strictSame((await store.files.pending()).commits, [kept, lost], 'as a start after a crash finds them');
    await store.files.finishCommit([kept]);
    await store.files.abandonCommit([lost]);
    t.equal(await store.linkCounts.uploads('a'), 1);
  });

  rule('of the files of one form all are counted or none', async (t, store) => {
    await given(store);
    const form = ['x', 'y', 'z'].map((name) => fileOf('a', name, 2));
    await t.rejects(store.files.beginCommit(form), { name: 'RequestClosed' });
    t.equal(await store.linkCounts.uploads('a'), 0);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
    t.equal(await store.files.file(path('/in/x')), undefined);
    await store.files.beginCommit(form.slice(0, 2));
    t.equal(await store.linkCounts.uploads('a'), 2);
  });

  rule('a request that was revoked, or is not there, takes no file', async (t, store) => {
    await given(store);
    await store.shareLinks.revokeLink('a', NOW);
    for (const link of ['a', 'none']) {
      await t.rejects(store.files.beginCommit([fileOf(link, 'p', undefined)]), { name: 'RequestClosed' });
    }
    t.equal(await store.linkCounts.uploads('a'), 0);
    t.strictSame(await store.files.pending(), { commits: [], removals: [] });
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
    await store.linkCounts.recordLinkUses(new Map([['a', NOW]]));
    t.equal((await load(store)).revision, revision);
    t.not(await counted(store), 0);
  });
}
