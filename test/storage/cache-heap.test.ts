/** What an entry of the cache is charged is not less than the heap that it holds, whatever its key was cut from. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { plainEnvironment } from '../nginx/running-site.js';

const PROGRAM = fileURLToPath(new URL('cache-heap.mjs', import.meta.url));
/** The heap as it is measured is some hundred kilobytes more or less. */
const NOISE_BYTES = 1024 * 1024;

interface Measured {
  readonly entries: number;
  readonly heap: number;
  readonly charged: number;
}

const KINDS = {
  folders: 20_000,
  'paths of long URLs': 20_000,
  'paths of 30 grants': 500,
  users: 20_000,
  'users in 10 groups': 2_000,
  tokens: 20_000,
  sessions: 20_000,
  'API keys that are none': 20_000,
  'API keys': 2_000,
  'share links that are none': 20_000,
  'share links': 2_000,
  'share links of many terms': 500,
};

for (const [kind, entries] of Object.entries(KINDS)) {
  t.test(`${kind} are charged for what they hold`, async (t) => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--expose-gc', PROGRAM, kind, `${t.testdir()}/store.db`],
      { env: plainEnvironment({}), encoding: 'utf8' },
    );
    t.equal(stderr, '');
    const measured = JSON.parse(stdout) as Measured;
    t.ok(measured.entries >= entries, `${measured.entries} entries`);
    const { heap, charged } = measured;
    t.ok(
      heap <= charged + NOISE_BYTES,
      `${Math.round(heap / entries)} bytes, ${Math.round(charged / entries)} charged`,
    );
  });
}
