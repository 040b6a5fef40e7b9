// Fills a cache with one kind of entry and prints, as JSON, the heap that it took and what it was charged. Run by
// cache-heap.test.ts with --expose-gc, on the build: only a process of its own can measure its heap.
import SQLite from 'better-sqlite3';
import { pathChain } from '../../dist/acl/resource-path.js';
import { CachedReader } from '../../dist/storage/cached-reader.js';
import { openSqliteStore } from '../../dist/storage/sqlite/open.js';

const [kind = '', file = ''] = process.argv.slice(2);
const COUNT = 20_000;
const LONG = 4_000;

/** As it comes with a request: a string of its own. */
const copy = (text) => Buffer.from(text).toString();
const name = (i) => `${String(i).padStart(8, '0')}-and-some-more`;

const store = openSqliteStore(file);
const reader = new CachedReader(store.facts, { bytesMax: 2 ** 40 });

const KINDS = {
  // The long paths are gone again, by a change of each; the folders that were cut from them stay.
  folders: {
    fill: (i) => reader.read(`${copy(`/${name(i)}/${'x'.repeat(LONG)}`)}`, undefined),
    after: async () => {
      const drafts = (i) => ({ path: `/${name(i)}/${'x'.repeat(LONG)}`, ...GRANT });
      const paths = Array.from({ length: COUNT }, (_, i) => drafts(i));
      for (let i = 0; i < COUNT; i += 5_000) {
        await store.acl.putGrants(paths.slice(i, i + 5_000));
        reader.read('/', undefined);
      }
    },
  },
  // Cut from the URL of the question, whose query was long.
  'paths of long URLs': {
    fill: (i) => reader.read(copy(`/${name(i)}?${'x'.repeat(LONG)}`).slice(0, name(0).length + 1), undefined),
  },
  'paths of 30 grants': {
    count: 500,
    before: () => store.acl.putGrants(Array.from({ length: 500 }, (_, i) => grantsOn(longPath(i))).flat()),
    fill: (i) => reader.read(longPath(i), undefined),
  },
  users: { fill: (i) => reader.standing(`user:${slice(i)}`) },
  'users in 10 groups': {
    count: 2_000,
    before: () => {
      // One transaction: the disk is waited for at the end of each.
      const db = new SQLite(file);
      const insert = db.prepare('INSERT INTO members VALUES (?, ?)');
      db.transaction(() => {
        for (let i = 0; i < 2_000; i++)
          for (let g = 0; g < 10; g++) insert.run(`group:${g}${'g'.repeat(200)}`, `user:${slice(i)}`);
      })();
      db.close();
    },
    fill: (i) => reader.standing(`user:${slice(i)}`),
  },
  tokens: { fill: (i) => reader.credential(`token:${slice(i)}`) },
  sessions: { fill: (i) => reader.credential(`session:${slice(i)}`) },
  'API keys that are none': { fill: (i) => reader.credential(`key:${slice(i)}`) },
  'API keys': {
    count: 2_000,
    before: async () => {
      for (let i = 0; i < 2_000; i++) await store.credentials.addApiKey(apiKey(i));
    },
    fill: (i) => reader.credential(`key:${slice(i)}`),
  },
  'share links that are none': { fill: (i) => reader.credential(`link:${slice(i)}`) },
  'share links': {
    count: 2_000,
    before: () => addLinks(2_000, { ...LEAST_TERMS }),
    fill: (i) => reader.credential(`link:${slice(i)}`),
  },
  'share links of many terms': {
    count: 500,
    before: () =>
      addLinks(500, {
        ...LEAST_TERMS,
        passwordHash: 'p'.repeat(100),
        recipients: Array.from({ length: 50 }, (_, n) => `user:${n}${'n'.repeat(50)}`),
        addresses: Array.from({ length: 20 }, (_, n) => `10.0.${n}.0/24`),
        upload: { filesMax: 1, bytesMax: 1, endings: Array.from({ length: 20 }, (_, n) => `.e${n}`) },
        note: 'n'.repeat(200),
        contact: 'c'.repeat(200),
      }),
    fill: (i) => reader.credential(`link:${slice(i)}`),
  },
};

const GRANT = {
  principal: 'anyone',
  action: 'read',
  effect: 'allow',
  notBefore: undefined,
  expiresAt: undefined,
};
function grantsOn(path) {
  return Array.from({ length: 30 }, (_, n) => ({ ...GRANT, path, principal: `user:${n}${'n'.repeat(200)}` }));
}
/** The folder above it is one for all of them. */
function longPath(i) {
  return `/${name(i)}${'y'.repeat(LONG)}`;
}
/** As a claim is cut from a token. */
function slice(i) {
  return copy(`${'x'.repeat(LONG)}${name(i)}`).slice(LONG);
}
const LEAST_TERMS = {
  notBefore: undefined,
  expiresAt: 2,
  passwordHash: undefined,
  recipients: [],
  addresses: [],
  downloadsMax: undefined,
  rateMax: undefined,
  disposition: 'attachment',
  upload: { filesMax: undefined, bytesMax: undefined, endings: [] },
  note: '',
  contact: '',
};
async function addLinks(count, terms) {
  for (let i = 0; i < count; i++) {
    const authority = { maker: `user:${name(i)}`, makerGroups: ['group:eng'], grantId: i };
    const counts = { createdAt: 1, lastUsedAt: undefined, downloads: 0, uploads: 0 };
    const rest = { kind: 'read', path: `/${name(i)}`, authority, terms, revokedAt: undefined, ...counts };
    await store.shareLinks.addLink({ id: slice(i), hash: 'h'.repeat(64), ...rest });
  }
}
function apiKey(i) {
  const scope = { action: 'read', path: `/${'y'.repeat(LONG)}` };
  const rest = { createdAt: 1, lastUsedAt: undefined, expiresAt: undefined, note: 'n'.repeat(500) };
  return { hash: slice(i), id: name(i), user: `user:${name(i)}`, scope, ...rest };
}

const { count = COUNT, before, fill, after } = KINDS[kind];
await before?.();
await fill(count);
global.gc();
const [heap, charged] = [process.memoryUsage().heapUsed, reader.bytes];
for (let i = 0; i < count; i++) await fill(i);
await after?.();
global.gc();
console.log(
  JSON.stringify({
    entries: reader.size,
    heap: process.memoryUsage().heapUsed - heap,
    charged: reader.bytes - charged,
    // Held up to here.
    chain: pathChain('/').length,
  }),
);
await store.close();
