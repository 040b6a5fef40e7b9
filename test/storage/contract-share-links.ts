/** The contract's rules on share links: what is told of them, how they are listed, changed, ended and forgotten. */

import type { Store } from '../../src/acl/ports.js';
import type { ShareLinkRecord } from '../../src/acl/share-link.js';
import type { Rule } from './contract-rule.js';
import { load, path, principal, touchedBy } from './given.js';
import { linkRecord, linkTerms, NOW } from './given-links.js';

const ANN = principal('user:ann');
const EVERY_TERM = linkRecord(
  'every',
  {
    kind: 'upload',
    path: path('/tëam/in "box"/'),
    authority: { maker: ANN, makerGroups: [principal('group:a'), principal('group:张')], grantId: 7 },
    lastUsedAt: NOW + 1,
    downloads: 2,
    uploads: 3,
  },
  {
    notBefore: NOW,
    expiresAt: NOW + 1,
    passwordHash: 'scrypt$…',
    recipients: [ANN, principal('group:b')],
    addresses: ['10.0.0.0/8', '::1'],
    downloadsMax: 5,
    rateMax: 6,
    disposition: 'inline',
    upload: { filesMax: 7, bytesMax: 8, endings: ['.pdf', '.tar.gz'], filesExpireSeconds: 9 },
    note: 'for the "office" 张',
    contact: 'ann@example.org',
  },
);

async function told(store: Store, id: string) {
  return (await load(store, { credential: `link:${id}` })).credential;
}

/** What a decision is told: without what is only listed. */
function judged({ createdAt: _, lastUsedAt: _l, downloads: _d, uploads: _u, ...link }: ShareLinkRecord) {
  return { shareLink: link };
}

async function given(store: Store, ...links: readonly ShareLinkRecord[]): Promise<void> {
  for (const link of links) await store.shareLinks.addLink(link);
}

export function shareLinksContract(rule: Rule): void {
  rule('a link is told by its id as it was made, least or most', async (t, store) => {
    for (const link of [linkRecord('least'), EVERY_TERM]) {
      t.strictSame(await touchedBy(store, () => store.shareLinks.addLink(link)), [`link:${link.id}`]);
      t.strictSame(await store.shareLinks.link(link.id), link);
      t.strictSame(await told(store, link.id), judged(link));
    }
    for (const unknown of ['none', 'Least', 'hash-of-least', '']) {
      t.equal(await store.shareLinks.link(unknown), undefined);
      t.strictSame(await told(store, unknown), {});
    }
    t.strictSame((await load(store, { credential: 'token:least' })).credential, {});
  });

  rule('a second link of an id is refused, and nothing changes', async (t, store) => {
    await given(store, linkRecord('a'));
    const { revision } = await load(store);
    await t.rejects(store.shareLinks.addLink(linkRecord('a', { hash: 'other' })));
    t.strictSame(await store.shareLinks.link('a'), linkRecord('a'));
    t.equal((await load(store)).revision, revision);
  });

  rule('links are listed by id, below a path, of a maker, from where a page ended', async (t, store) => {
    const by = (maker: string) => ({
      maker: principal(maker),
      makerGroups: [],
      grantId: undefined,
    });
    await given(
      store,
      linkRecord('f', { path: path('/team/') }),
      linkRecord('e', { path: path('/team/a/b'), authority: by('user:ann') }),
      linkRecord('d', { path: path('/team') }),
      linkRecord('c', { path: path('/team0') }),
      linkRecord('b', { path: path('/team.pdf') }),
      linkRecord('B', { path: path('/team/é'), authority: by('user:ann'), revokedAt: NOW }),
      linkRecord('a', { path: path('/'), authority: by('user:Ann') }),
    );
    const listed = async (selection: Omit<Parameters<typeof store.shareLinks.links>[0], 'max'>, max = 9) =>
      (await store.shareLinks.links({ ...selection, max })).map(({ id }) => id).join('');
    t.equal(await listed({}), 'Babcdef');
    t.equal(await listed({ path: path('/') }), 'Babcdef');
    t.equal(await listed({ path: path('/team/') }), 'Bef');
    t.equal(await listed({ path: path('/team') }), 'd');
    t.equal(await listed({ path: path('/team/a/b') }), 'e');
    t.equal(await listed({ path: path('/none/') }), '');
    t.equal(await listed({ maker: ANN }), 'Be');
    t.equal(await listed({ maker: ANN, path: path('/team/a/') }), 'e');
    t.equal(await listed({}, 2), 'Ba');
    t.equal(await listed({ after: 'a' }, 2), 'bc');
    t.equal(await listed({ after: 'a1', path: path('/team/') }), 'ef');
    t.equal(await listed({ after: 'B', maker: ANN }), 'e');
    t.equal(await listed({ after: 'f' }), '');
  });

  rule('a change replaces all terms and nothing else', async (t, store) => {
    await given(store, EVERY_TERM);
    const terms = linkTerms({ note: 'other' });
    const touched = await touchedBy(store, async () => {
      t.strictSame((await store.shareLinks.changeLink('every', () => terms)).value, { ...EVERY_TERM, terms });
    });
    t.strictSame(touched, ['link:every']);
    t.strictSame(await store.shareLinks.link('every'), { ...EVERY_TERM, terms });
    t.strictSame(await told(store, 'every'), judged({ ...EVERY_TERM, terms }));
  });

  rule('a change is made of the terms as they are then, or not at all', async (t, store) => {
    await given(store, EVERY_TERM);
    const { terms } = EVERY_TERM;
    const [note, contact] = await Promise.all([
      store.shareLinks.changeLink('every', (now) => ({ ...now, note: 'new' })),
      store.shareLinks.changeLink('every', (now) => ({ ...now, contact: 'eve' })),
    ]);
    t.match(
      [note, contact],
      [{ value: { terms: { note: 'new' } } }, { value: { terms: { contact: 'eve' } } }],
    );
    const both = { ...EVERY_TERM, terms: { ...terms, note: 'new', contact: 'eve' } };
    t.strictSame(await store.shareLinks.link('every'), both);
    const { revision } = await load(store);
    const refuse = () => {
      throw new RangeError('it does not go with those terms');
    };
    await t.rejects(store.shareLinks.changeLink('every', refuse), { name: 'RangeError' });
    t.strictSame(await store.shareLinks.link('every'), both);
    t.equal((await load(store)).revision, revision, 'nothing was written');
  });

  rule('a revoke is told, answers with the link as it was, and the first one counts', async (t, store) => {
    await given(store, EVERY_TERM);
    const touched = await touchedBy(store, async () => {
      t.strictSame((await store.shareLinks.revokeLink('every', NOW)).value, EVERY_TERM);
    });
    t.strictSame(touched, ['link:every']);
    const revoked = { ...EVERY_TERM, revokedAt: NOW };
    t.strictSame(await told(store, 'every'), judged(revoked));
    const { revision } = await load(store);
    t.strictSame((await store.shareLinks.revokeLink('every', NOW + 5)).value, revoked);
    t.equal((await store.shareLinks.changeLink('every', () => linkTerms())).value, undefined);
    t.strictSame(await store.shareLinks.link('every'), revoked);
    t.equal((await load(store)).revision, revision, 'nothing was written');
  });

  rule('what is not there is neither changed nor revoked', async (t, store) => {
    const { revision } = await load(store);
    t.equal((await store.shareLinks.changeLink('none', () => linkTerms())).value, undefined);
    t.equal((await store.shareLinks.revokeLink('none', NOW)).value, undefined);
    t.equal((await load(store)).revision, revision);
  });

  rule('links that ended before an instant are forgotten, the others are not', async (t, store) => {
    const ended: readonly (readonly [string, Partial<ShareLinkRecord>, number])[] = [
      ['expired', {}, NOW - 1],
      ['expires', {}, NOW],
      ['revoked', { revokedAt: NOW - 1 }, NOW + 9],
      ['revokes', { revokedAt: NOW }, NOW + 9],
      ['stands', {}, NOW + 9],
    ];
    for (const [id, more, expiresAt] of ended) await given(store, linkRecord(id, more, { expiresAt }));
    const touched = await touchedBy(store, async () => {
      t.equal((await store.shareLinks.forgetLinks(NOW)).value, 2);
    });
    t.strictSame(touched, ['link:expired', 'link:revoked']);
    const left = (await store.shareLinks.links({ max: 9 })).map(({ id }) => id);
    t.strictSame(left, ['expires', 'revokes', 'stands']);
    t.strictSame(await told(store, 'expired'), {});
    const { revision } = await load(store);
    t.strictSame(await store.shareLinks.forgetLinks(NOW), { revision, value: 0 });
  });

  rule('more links than are forgotten at once are all forgotten, and counted', async (t, store) => {
    const count = 2_100;
    for (let i = 0; i < count; i++) await given(store, linkRecord(`l${i}`));
    t.equal((await store.shareLinks.forgetLinks(NOW * 2)).value, count);
    t.strictSame(await store.shareLinks.links({ max: 1 }), []);
  });

  rule('a link that a change gave a later end is forgotten by that one', async (t, store) => {
    await given(store, linkRecord('a', {}, { expiresAt: NOW }));
    await store.shareLinks.changeLink('a', () => linkTerms({ expiresAt: NOW + 10 }));
    t.equal((await store.shareLinks.forgetLinks(NOW + 5)).value, 0);
    t.equal((await store.shareLinks.forgetLinks(NOW + 11)).value, 1);
  });
}
