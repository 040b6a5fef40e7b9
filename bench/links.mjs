// `node bench/links.mjs`: what a decision and a judged share link cost with 1,000 and with 1,000,000 links in the store.
// In this process, without HTTP, which would hide a difference: the cached reader asks SQLite whether anything was
// committed, as for every request. Rounds are interleaved, and medians and their ratio printed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { Authorizer } from '../dist/acl/authorizer.js';
import { NOBODY } from '../dist/acl/principal.js';
import { ShareLinks } from '../dist/links/share-links.js';
import { newShareToken } from '../dist/links/share-token.js';
import { CachedReader } from '../dist/storage/cached-reader.js';
import { LINK_COLUMNS, linkRow } from '../dist/storage/link-rows.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { median } from './measure.mjs';

const SIZES = [1_000, Number(process.env.BENCH_LINKS ?? 1_000_000)];
const ROUNDS = 7;
const CACHE_BYTES = 64 * 1024 * 1024;
const MAKERS = 1_000;
const HOT = '/folder0/hot.pdf';
const DAY_MS = 24 * 60 * 60 * 1000;

const WORK = [
  {
    name: 'an anonymous decision, hot',
    count: 200_000,
    run: ({ authorizer }) => authorizer.authorize({ subject: NOBODY, action: 'read', path: HOT }),
    right: ({ outcome }) => outcome === 'allow',
  },
  {
    name: 'a judged link, hot',
    count: 50_000,
    run: ({ links, tokens }) => links.judge({ token: tokens[0], below: '', address: '192.0.2.1' }),
    right: ({ kind }) => kind === 'open',
  },
  {
    name: 'an unknown link, by a token that is well spelt',
    count: 50_000,
    run: ({ links, unknown }) => links.judge({ token: unknown, below: '', address: '192.0.2.1' }),
    right: ({ kind }) => kind === 'unknown',
  },
  {
    name: 'a judged link out of 1,000 of them, in turn',
    count: 50_000,
    run: ({ links, tokens }, i) => links.judge({ token: tokens[i % 1_000], below: '', address: '192.0.2.1' }),
    right: ({ kind }) => kind === 'open',
  },
  {
    name: 'a judged link out of all, at random',
    count: 20_000,
    run: ({ links, tokens }) =>
      links.judge({
        token: tokens[Math.floor(Math.random() * tokens.length)],
        below: '',
        address: '192.0.2.1',
      }),
    right: ({ kind }) => kind === 'open',
  },
  {
    name: 'the same, and nothing is ever cached',
    count: 5_000,
    run: ({ uncached, tokens }) =>
      uncached.judge({
        token: tokens[Math.floor(Math.random() * tokens.length)],
        below: '',
        address: '192.0.2.1',
      }),
    right: ({ kind }) => kind === 'open',
  },
];

const home = mkdtempSync(join(tmpdir(), 'latchkey-links-'));
try {
  const stores = [];
  for (const size of SIZES) stores.push(await seeded(size));
  const times = WORK.map(() => stores.map(() => []));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [w, work] of WORK.entries()) {
      for (const [s, store] of stores.entries()) {
        const micros = await measured(work, store);
        if (round > 0) times[w][s].push(micros); // the first one warms
      }
    }
  }
  print(times);
  for (const { store } of stores) await store.close();
} finally {
  rmSync(home, { recursive: true });
}

async function measured({ count, run, right }, scene) {
  const began = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    const answer = run(scene, i);
    if (!right(answer instanceof Promise ? await answer : answer)) throw new Error('an answer was wrong');
  }
  return Number(process.hrtime.bigint() - began) / 1000 / count;
}

function print(times) {
  const head = SIZES.map((size) => `${size.toLocaleString('en')} links`.padStart(18)).join('');
  console.log(`${'median µs of'.padEnd(50)}${head}${'ratio'.padStart(9)}`);
  for (const [w, { name }] of WORK.entries()) {
    const medians = times[w].map(median);
    const cells = medians.map((micros) => micros.toFixed(2).padStart(18)).join('');
    console.log(`${name.padEnd(50)}${cells}${(medians[1] / medians[0]).toFixed(2).padStart(9)}`);
  }
}

/** A store of so many links, of a thousand makers, each of whom manages a folder by a grant. */
async function seeded(size) {
  const file = join(home, `${size}.db`);
  const store = openSqliteStore(file);
  const draft = { action: 'manage', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  const drafts = Array.from({ length: MAKERS }, (_, i) => ({
    ...draft,
    principal: `user:maker${i}`,
    path: `/folder${i}/`,
  }));
  const { value: grants } = await store.acl.putGrants([
    ...drafts,
    { ...draft, action: 'read', principal: 'anyone', path: HOT },
  ]);
  const tokens = insertLinks(file, size, grants);
  const { authorizer, links } = judgeOver(store, CACHE_BYTES);
  const { links: uncached } = judgeOver(store, 1);
  return { store, authorizer, links, uncached, tokens, unknown: newShareToken().text };
}

function judgeOver(store, bytesMax) {
  const reader = new CachedReader(store.facts, { bytesMax });
  const clock = () => Date.now();
  const authorizer = new Authorizer(reader, { administrators: new Set(), home: undefined }, clock);
  return { authorizer, links: new ShareLinks({ reader, facts: reader, authorizer, clock }) };
}

/** In one transaction: through the store each would be synced to the disk. */
function insertLinks(file, size, grants) {
  const db = new SQLite(file);
  const insert = db.prepare(
    `INSERT INTO share_links (${LINK_COLUMNS}) VALUES (${LINK_COLUMNS.replaceAll(/\w+/g, '@$&')})`,
  );
  const now = Date.now();
  const tokens = [];
  db.transaction(() => {
    for (let i = 0; i < size; i++) {
      const { text, id, hash } = newShareToken();
      tokens.push(text);
      insert.run(linkRow({ id, hash, ...linkOf(i, grants, now) }));
    }
  })();
  db.close();
  return tokens;
}

function linkOf(i, grants, now) {
  const maker = i % MAKERS;
  return {
    kind: 'read',
    path: i === 0 ? HOT : `/folder${maker}/file${i}.pdf`,
    authority: { maker: `user:maker${maker}`, makerGroups: [], grantId: grants[maker].id },
    terms: {
      notBefore: undefined,
      expiresAt: now + DAY_MS,
      passwordHash: undefined,
      recipients: [],
      addresses: [],
      downloadsMax: undefined,
      rateMax: undefined,
      disposition: 'attachment',
      upload: { filesMax: undefined, bytesMax: undefined, endings: [] },
      note: '',
      contact: '',
    },
    revokedAt: undefined,
    createdAt: now,
    lastUsedAt: undefined,
    downloads: 0,
    uploads: 0,
  };
}
