/** What has become of a link, in the word that lists have for it. */

import t from 'tap';
import { linkState } from '../../src/links/link-state.js';
import { path } from '../acl/given.js';
import { entry } from '../storage/given.js';
import { linkRecord, NOW } from '../storage/given-links.js';
import { ANN, linkScene } from './link-scene.js';

t.test('a link is in one state, and what ended it comes first', async (t) => {
  const { links, by } = linkScene(t);
  const gone = by(undefined);
  const rows = [
    [linkRecord('a'), 'open'],
    [linkRecord('a', {}, { notBefore: NOW + 1 }), 'early'],
    [linkRecord('a', gone, { notBefore: NOW + 1 }), 'authority-ended'],
    [linkRecord('a', gone, { expiresAt: NOW }), 'expired'],
    [linkRecord('a', { ...gone, revokedAt: NOW }, { expiresAt: NOW }), 'revoked'],
    [linkRecord('a', { downloads: 1 }, { downloadsMax: 2 }), 'open'],
    [linkRecord('a', { downloads: 2 }, { downloadsMax: 2 }), 'exhausted'],
    [linkRecord('a', { downloads: 3 }, { downloadsMax: 2 }), 'exhausted'],
    [linkRecord('a', { downloads: 9 }), 'open'],
    [linkRecord('a', { downloads: 2 }, { downloadsMax: 2, expiresAt: NOW }), 'expired'],
    [linkRecord('a', { kind: 'upload', path: path('/in/'), uploads: 9 }), 'open'],
    [
      linkRecord(
        'a',
        { kind: 'upload', path: path('/in/'), uploads: 2 },
        { upload: { filesMax: 2, bytesMax: undefined, endings: [] } },
      ),
      'exhausted',
    ],
  ] as const;
  for (const [link, expected] of rows) t.equal(await linkState(links, link), expected);
});

t.test('a link whose file is being replaced is not known, and does not spoil the list', async (t) => {
  const { links, by, granted, store } = linkScene(t);
  const link = linkRecord('a', by(await granted('user:ann manage /team/'), ANN));
  const replaced = entry('p', link.path, 'hidden');
  await store.files.beginCommit([replaced]);
  t.equal(await linkState(links, link), 'not-known');
  t.equal(await linkState(links, { ...link, revokedAt: NOW }), 'revoked');
  await store.files.finishCommit([replaced]);
  t.equal(await linkState(links, link), 'open');
});
