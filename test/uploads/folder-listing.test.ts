/**
 * Listings: against a naive reading of the rule, over random grants, and what pages, sorts and odd names come to. What
 * an asker may not read is in no page and in no count.
 */

import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { Authorizer } from '../../src/acl/authorizer.js';
import { parseHomeTemplate } from '../../src/acl/policy.js';
import type { Store } from '../../src/acl/ports.js';
import type { Subject } from '../../src/acl/principal.js';
import { isFolder, type ResourcePath } from '../../src/acl/resource-path.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';
import { FolderListing, type ListingQuestion } from '../../src/uploads/folder-listing.js';
import type { StorageRoot } from '../../src/uploads/storage-root.js';
import { entry, holds } from '../storage/given.js';
import { draft, MIB, path, principal, rootIn } from './given.js';

const FILES = ['/a', '/t/a', '/t/b', '/t/s/x', '/t/s/d/y', '/t/z/w', '/users/bob/f', '/users/eve/g'];
const FOLDERS = ['/', '/t/', '/t/s/', '/t/s/d/', '/t/z/', '/users/', '/users/bob/', '/users/eve/'];
const PATHS = [...FILES, ...FOLDERS].map(path);
const WHO = ['user:bob', 'user:eve', 'group:eng', 'authenticated', 'anyone'];
const HOME = parseHomeTemplate('/users/{user}/');
const BOB: Subject = { authenticated: true, user: principal('user:bob'), groups: [principal('group:eng')] };

const question = (
  folder: string,
  subject: Subject | undefined,
  more: Partial<ListingQuestion> = {},
): ListingQuestion => ({
  folder: path(folder),
  subject,
  after: undefined,
  max: 100,
  sort: 'name',
  order: 'asc',
  ...more,
});

async function rootWith(folder: string, files: readonly string[]): Promise<StorageRoot> {
  const root = rootIn(folder);
  await root.prepare();
  for (const on of files) {
    const file = root.diskPath(path(on));
    mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
    writeFileSync(file, on);
  }
  return root;
}

function over(root: StorageRoot, store: Store, administrators: readonly string[] = []) {
  const reader = new CachedReader(store.facts, { bytesMax: MIB });
  const policy = { administrators: new Set(administrators.map(principal)), home: HOME };
  const authorizer = new Authorizer(reader, policy, () => 1_000);
  return {
    authorizer,
    listing: new FolderListing({ root, tree: store.tree, expiries: store.expiries, authorizer, home: HOME }),
  };
}

const shown = async (listing: FolderListing, asked: ListingQuestion) =>
  (await listing.page(asked))?.entries.map(({ path: on }) => on as string);

/** The rule, read plainly: every path of the tree is asked about. */
async function naively(authorizer: Authorizer, store: Store, subject: Subject, folder: ResourcePath) {
  const may = async (on: ResourcePath) =>
    (await authorizer.authorize({ subject, action: 'read', path: on })).outcome === 'allow';
  const { scope, ...unscoped } = subject;
  const { principals } = await authorizer.explain({ subject: unscoped, action: 'read', path: folder });
  const granted = (await store.acl.grantsOf(principals)).map((grant) => grant.path);
  const places = [...granted, path('/users/bob/'), ...(scope === undefined ? [] : [scope.path])];
  const entries: string[] = [];
  for (const on of PATHS) {
    const rest = on.slice(folder.length);
    if (on === folder || !on.startsWith(folder) || /\/./.test(rest)) continue;
    let isShown = await may(on);
    for (const place of isFolder(on) ? places : []) {
      if (!isShown && place.startsWith(on)) isShown = await may(place);
    }
    if (isShown) entries.push(on);
  }
  return entries.length > 0 || (await may(folder)) ? entries.sort() : undefined;
}

t.test('whoever asks gets what the rule says, in whichever folder', async (t) => {
  const root = await rootWith(t.testdir(), FILES);
  const grants = fc.uniqueArray(
    fc.record({
      principal: fc.constantFrom(...WHO.map(principal)),
      path: fc.constantFrom(...PATHS, path('/t/none/deep')),
      action: fc.constantFrom('read', 'write', 'manage'),
      effect: fc.constantFrom('allow', 'allow', 'deny'),
      notBefore: fc.constantFrom(undefined, undefined, 2_000),
      expiresAt: fc.constantFrom(undefined, undefined, 500),
    } as const),
    { maxLength: 8, selector: (one) => `${one.principal} ${one.path} ${one.action}` },
  );
  const scopes = fc.option(
    fc.record({ action: fc.constantFrom('read', 'manage'), path: fc.constantFrom(...PATHS) } as const),
    { nil: undefined },
  );
  const property = fc.asyncProperty(grants, scopes, fc.boolean(), async (drafts, scope, suspended) => {
    const store = openMemoryStore();
    await store.acl.putGrants(drafts);
    if (suspended) await store.acl.suspend(principal('user:bob'));
    const { authorizer, listing } = over(root, store);
    const subject = scope === undefined ? BOB : { ...BOB, scope };
    for (const folder of FOLDERS) {
      const expected = await naively(authorizer, store, subject, path(folder));
      const found = await shown(listing, question(folder, subject));
      if (JSON.stringify(found && [...found].sort()) !== JSON.stringify(expected)) {
        throw new Error(`${folder}: ${found} is not ${expected}`);
      }
    }
  });
  await holds(t, property, 400);
});

t.test('a missing folder is told of to whoever may read it, and to nobody else', async (t) => {
  const root = await rootWith(t.testdir(), FILES);
  const store = openMemoryStore();
  const { listing } = over(root, store);
  t.equal(await listing.page(question('/none/', BOB)), undefined);
  t.equal(await listing.page(question('/t/', BOB)), undefined, 'as one that is there');
  await store.acl.putGrants([draft('user:bob read /none/')]);
  await t.rejects(listing.page(question('/none/', BOB)), { code: 'not-found' });
});

t.test('pages are full whatever is left out, in each order, and go on where they ended', async (t) => {
  const names = Array.from({ length: 30 }, (_, i) => `/t/file ${i}`);
  const root = await rootWith(t.testdir(), [...names, '/t/folder/x']);
  for (const [i, name] of names.entries()) {
    writeFileSync(root.diskPath(path(name)), 'x'.repeat((i * 7) % 30));
    utimesSync(root.diskPath(path(name)), 1_700_000_000 + ((i * 11) % 30), 1_700_000_000 + ((i * 11) % 30));
  }
  const store = openMemoryStore();
  await store.acl.putGrants([
    draft('user:bob read /t/'),
    ...names
      .filter((_, i) => i % 3 === 0)
      .map((on) => ({ ...draft('user:bob deny read /'), path: path(on) })),
  ]);
  const { listing } = over(root, store);
  const open = names.filter((_, i) => i % 3 !== 0);
  for (const sort of ['name', 'size', 'date'] as const) {
    for (const order of ['asc', 'desc'] as const) {
      const sizes: number[] = [];
      const all: {
        readonly kind: string;
        readonly name: string;
        readonly bytes: number;
        readonly modifiedSeconds: number;
      }[] = [];
      let after: string | undefined;
      do {
        const page = await listing.page(question('/t/', BOB, { sort, order, after, max: 4 }));
        sizes.push(page?.entries.length ?? 0);
        all.push(...(page?.entries ?? []));
        after = page?.next;
      } while (after !== undefined);
      t.strictSame(sizes, [4, 4, 4, 4, 4, 1], `${sort} ${order}`);
      t.equal(all.shift()?.name, 'folder', 'folders first');
      t.strictSame(all.map(({ name }) => `/t/${name}`).sort(), [...open].sort());
      const keys = all.map(({ name, bytes, modifiedSeconds }) =>
        sort === 'size' ? bytes : sort === 'date' ? modifiedSeconds : Number(name.slice(5)),
      );
      const sorted = keys.toSorted((a, b) => (order === 'asc' ? a - b : b - a));
      t.strictSame(keys, sorted, `${sort} ${order}`);
    }
  }
});

t.test('what comes and goes between two pages neither repeats an entry nor leaves one out', async (t) => {
  const root = await rootWith(t.testdir(), ['/t/b', '/t/d', '/t/f']);
  const { listing } = over(root, openMemoryStore(), ['user:bob']);
  const first = await listing.page(question('/t/', BOB, { max: 2 }));
  for (const on of ['/t/a', '/t/e']) writeFileSync(root.diskPath(path(on)), on);
  const second = await listing.page(question('/t/', BOB, { max: 2, after: first?.next }));
  t.strictSame(
    second?.entries.map(({ name }) => name),
    ['e', 'f'],
  );
  t.equal(second?.next, undefined);
  await t.rejects(listing.page(question('/t/', BOB, { after: 'x' })), { code: 'bad-request' });
  await t.rejects(listing.page(question('/t/', BOB, { after: 'WzEsMl0' })), { code: 'bad-request' });
});

t.test('what is being exchanged is not told of', async (t) => {
  const root = await rootWith(t.testdir(), ['/t/a', '/t/b', '/t/s/x', '/t/open']);
  const store = openMemoryStore();
  const { listing } = over(root, store, ['user:bob']);
  await store.files.beginCommit([entry('p', '/t/a', 'hidden')]);
  const [from, to] = [path('/t/s/'), path('/u/')];
  await store.moves.beginMove({ name: 'm', from, to, grants: 'keep', file: undefined });
  t.strictSame(await shown(listing, question('/t/', BOB)), ['/t/b', '/t/open']);
  await t.rejects(listing.page(question('/t/s/', BOB)), { code: 'committing' });
});

t.test('links and odd things are not listed, and the operator sees all that is', async (t) => {
  const root = await rootWith(t.testdir(), ['/t/a', '/t/ü', '/t/s/x']);
  symlinkSync('/etc/hostname', root.diskPath(path('/t/link')));
  const { listing } = over(root, openMemoryStore());
  t.strictSame(await shown(listing, question('/t/', undefined)), ['/t/s/', '/t/a', '/t/ü']);
});
