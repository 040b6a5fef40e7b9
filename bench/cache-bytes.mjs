// `node --expose-gc bench/cache-bytes.mjs`: the heap that the cache's entries take, beside what they are charged
// (docs/decisions/0006-cache.md). Keys and grants are made as a service makes them. What odd keys hold is in
// test/storage/cache-heap.mjs.
import { decodeResourcePath } from '../dist/acl/resource-path.js';
import { CachedReader } from '../dist/storage/cached-reader.js';
import { indexByPrincipal } from '../dist/storage/grant-index.js';

const ENTRIES = Number(process.argv[2] ?? 1_000_000);
const UNBOUNDED = { bytesMax: 2 ** 40 };
const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };

/** A source whose every path has `grants` grants, and whose every user is in `groups` groups. */
function source(grants, groups) {
  const user = (n) => `user:${String.fromCharCode(97 + (n % 26))}ser-${n}`;
  return {
    version: () => 1,
    load: ({ paths, user: who }) => ({
      revision: 1,
      generation: 1,
      touched: [],
      paths: paths.map((path, p) => ({
        path,
        committing: false,
        grants: indexByPrincipal(
          p > 0
            ? []
            : Array.from({ length: grants }, (_, n) => ({
                id: n,
                path,
                principal: user(n + path.length),
                ...rest,
              })),
        ),
      })),
      standing:
        who === undefined
          ? undefined
          : {
              suspended: false,
              groups: Array.from({ length: groups }, (_, n) => copy(`group:g${n}-of-${who}`)),
            },
    }),
  };
}

/** A row of SQLite has strings of its own. */
const copy = (text) => Buffer.from(text).toString();

function measure(
  name,
  { grants = 0, groups = 0, users = false, folders = false, length = 20, entries = ENTRIES },
) {
  const reader = new CachedReader(source(grants, groups), UNBOUNDED);
  global.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < entries; i++) {
    const own = String(i).padStart(length - 2, 'x');
    if (users) reader.read('/', copy(`user:${own}`));
    else reader.read(decodeResourcePath(copy(folders ? `/${own}/` : `/d/${own}`)), undefined);
  }
  global.gc();
  const bytes = (process.memoryUsage().heapUsed - before) / reader.size;
  const charged = Math.round(reader.bytes / reader.size);
  console.log(`${name.padEnd(44)}${bytes.toFixed(0).padStart(8)}${String(charged).padStart(9)}`);
  return reader;
}

console.log(`${'entry'.padEnd(44)}   bytes  charged`);
measure('path of 20 characters, no grant', {});
measure('path of 200 characters, no grant', { length: 200 });
measure('folder of 20 characters, no grant', { folders: true });
measure('path, 1 grant', { grants: 1 });
measure('path, 10 grants', { grants: 10, entries: ENTRIES / 10 });
measure('user, no group', { users: true });
measure('user, 1 group', { users: true, groups: 1 });
measure('user, 10 groups', { users: true, groups: 10, entries: ENTRIES / 10 });
