/** New links: their token, their path, and what they rest on, as the decision that allowed them says. */

import t from 'tap';
import { subjectAs } from '../../src/acl/principal.js';
import { authorityOf, newLink, OPERATOR } from '../../src/links/new-link.js';
import { readShareToken } from '../../src/links/share-token.js';
import { shareUrl } from '../../src/links/share-url.js';
import { path, principal } from '../acl/given.js';
import { NOW } from '../storage/given-links.js';
import { ADMINISTRATOR, ANN, ENG, linkScene } from './link-scene.js';

const CONTEXT = { lifetime: { lifetimeMs: 1000, lifetimeMsMax: 2000 }, now: NOW };

t.test('a new link is found by its token, and has not been used', async (t) => {
  const { link, token } = await newLink(
    { path: path('/team/a'), kind: 'read', authority: OPERATOR, terms: { note: 'n' } },
    CONTEXT,
  );
  t.strictSame(readShareToken(token), { id: link.id, hash: link.hash });
  t.notMatch(JSON.stringify(link), token.slice(link.id.length), 'the token is not in it');
  t.match(link, {
    kind: 'read',
    path: '/team/a',
    authority: OPERATOR,
    createdAt: NOW,
    downloads: 0,
    uploads: 0,
  });
  t.match(link.terms, { note: 'n', expiresAt: NOW + 1000 });
  t.equal(link.lastUsedAt, undefined);
  t.equal(link.revokedAt, undefined);
});

t.test('a link that takes uploads is for a folder', async (t) => {
  const request = { kind: 'upload', authority: OPERATOR, terms: {} } as const;
  await t.rejects(newLink({ ...request, path: path('/in') }, CONTEXT), {
    name: 'LinkProblem',
    message: 'a link that takes uploads is for a folder, such as /in/, not for a file',
  });
  t.equal((await newLink({ ...request, path: path('/in/') }, CONTEXT)).link.path, '/in/');
});

t.test('what a user’s link rests on is what lets the user manage the path', async (t) => {
  const { authorizer, granted, store } = linkScene(t);
  const direct = await granted('user:ann manage /team/');
  const stored = await granted('group:stored manage /stored/');
  const claimed = await granted('group:eng manage /claimed/');
  await granted('group:eng manage /');
  await store.acl.addMember(principal('group:stored'), ANN);
  const rows = [
    [ANN, '/team/a', direct],
    [ANN, '/stored/', stored],
    [ANN, '/claimed/a', claimed],
    [ANN, '/users/ann/a', undefined],
    [ADMINISTRATOR, '/team/a', undefined],
  ] as const;
  for (const [user, on, grantId] of rows) {
    const subject = subjectAs(user, [ENG]);
    const manages = await authorizer.explain({ subject, action: 'manage', path: path(on) });
    t.equal(manages.decision.outcome, 'allow');
    t.strictSame(authorityOf(user, subject, manages), { maker: user, makerGroups: [ENG], grantId }, on);
  }
});

t.test('a credential that claims more groups than a link remembers makes none', async (t) => {
  const { authorizer } = linkScene(t);
  const groups = Array.from({ length: 201 }, (_, i) => principal(`group:${i}`));
  const manages = async (some: typeof groups) =>
    authorizer.explain({ subject: subjectAs(ADMINISTRATOR, some), action: 'manage', path: path('/') });
  const most = groups.slice(1);
  const kept = authorityOf(ADMINISTRATOR, subjectAs(ADMINISTRATOR, most), await manages(most));
  t.equal(kept.makerGroups.length, 200);
  const all = await manages(groups);
  t.throws(() => authorityOf(ADMINISTRATOR, subjectAs(ADMINISTRATOR, groups), all), {
    name: 'LinkProblem',
    message: 'your credential claims 201 groups, and a link remembers at most 200; make it with an API key',
  });
});

t.test('the URL ends in the name of the file, or in the slash of the folder', async (t) => {
  const site = { publicUrl: 'https://files.example', prefix: '/s/' };
  t.equal(
    shareUrl(site, 'TOKEN', path('/team/a b%é?.pdf')),
    'https://files.example/s/TOKEN/a%20b%25%C3%A9%3F.pdf',
  );
  t.equal(shareUrl(site, 'TOKEN', path('/team/')), 'https://files.example/s/TOKEN/');
  t.equal(shareUrl({ ...site, publicUrl: undefined }, 'TOKEN', path('/')), '/s/TOKEN/');
  t.equal(shareUrl({ publicUrl: undefined, prefix: '/_latchkey/s/' }, 'T', path('/a')), '/_latchkey/s/T/a');
});
