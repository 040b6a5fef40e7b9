/**
 * A process that decides from a cache over fresh facts of a store that is a file. For each line on its standard input
 * it says what the reader answers. Run by Node itself, which strips the types.
 */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { FactsLoad, FactsQuery } from '../../src/acl/ports.js';
import type { ResourcePath } from '../../src/acl/resource-path.js';

const [file = '', stalenessMaxMs = ''] = process.argv.slice(2);
const built = (module: string) => import(new URL(`../../dist/storage/${module}.js`, import.meta.url).href);
const { FreshFacts }: typeof import('../../src/storage/fresh-facts.js') = await built('fresh-facts');
const { repeat }: typeof import('../../src/storage/repeat.js') = await built('repeat');
const { CachedReader }: typeof import('../../src/storage/cached-reader.js') = await built('cached-reader');

/** The revision of the store is in the file; a path is `committing` at every odd one. */
async function load(query: FactsQuery): Promise<FactsLoad> {
  const revision = Number(await readFile(file, 'utf8'));
  const paths = query.paths.map((path) => ({
    path,
    grants: new Map(),
    committing: revision % 2 === 1,
    expiresAt: undefined,
  }));
  return {
    revision,
    generation: 1,
    touched: query.since < revision ? 'all' : [],
    paths,
    standing: undefined,
  };
}

const facts = new FreshFacts(
  { load },
  {
    stalenessMaxMs: Number(stalenessMaxMs),
    clocks: { monotonic: () => performance.now(), wall: () => Date.now() },
  },
);
repeat(() => facts.poll(), { everyMs: 5, gapMs: 0, patienceMs: 60_000, onLost: () => {}, onFound: () => {} });
const reader = new CachedReader(facts, { bytesMax: 1024 * 1024 });

for await (const _ of createInterface(process.stdin)) {
  try {
    const { chain } = await reader.read('/file' as ResourcePath, undefined);
    console.log(chain[0]?.committing === true ? 'odd' : 'even');
  } catch {
    console.log('not known');
  }
}
