/**
 * A process that waits for a line on its standard input, then asks for five leases of one link at once, by the built
 * store. Run by Node itself, which strips the types.
 */

import { once } from 'node:events';

const [file = '', linkId = '', name = '', now = '', until = '', downloadsMax = ''] = process.argv.slice(2);
const { openSqliteStore }: typeof import('../../src/storage/sqlite/open.js') = await import(
  new URL('../../dist/storage/sqlite/open.js', import.meta.url).href
);
const ASKED = 5;

const store = openSqliteStore(file);
const terms = { linkId, now: Number(now), until: Number(until), downloadsMax: Number(downloadsMax) };
console.log('ready');
await once(process.stdin, 'data');
const racing = Array.from({ length: ASKED }, (_, i) =>
  store.linkCounts.lease({ ...terms, clients: [`${name} ${i}`] }),
);
console.log(JSON.stringify(await Promise.all(racing)));
await store.close();
process.exit();
