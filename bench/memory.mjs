// `npm run bench:memory`: the resident memory of an authorizer for caches of several sizes, after it was asked at
// random about many more paths than fit, of a store of a million grants (docs/operations.md). The questions go
// straight to its socket, as nginx would ask them.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { askInTurn, startAuthorizer, tokenOf } from './authorizer.mjs';
import { FILES, FOLDERS, grantBatches } from './behind-nginx.mjs';
import { cpu, memory } from './measure.mjs';

const GRANTS = 1_000_000;
const CONNECTIONS = 32;
const QUESTIONS = Number(process.env.BENCH_QUESTIONS ?? 1_000_000);
const SIZES = (process.env.BENCH_SIZES ?? '16m,64m,128m,256m').split(',');

const home = mkdtempSync(join(tmpdir(), 'latchkey-memory-'));
try {
  mkdirSync(join(home, 'run'));
  await seed(join(home, 'latchkey.db'));
  console.log('cache     MiB at rest   after   peak   µs of CPU a question');
  for (const size of SIZES) await measure(size);
} finally {
  rmSync(home, { recursive: true });
}

async function measure(size) {
  const { pid, sockets, stop } = await startAuthorizer({
    LATCHKEY_DATA: home,
    LATCHKEY_CACHE_BYTES_MAX: size,
  });
  try {
    const rest = memory(pid);
    const before = cpu(pid);
    const token = tokenOf('alice');
    const asking = (_, i) =>
      askInTurn({ socket: sockets[0], token, paths: random(i, QUESTIONS / CONNECTIONS) });
    await Promise.all(Array.from({ length: CONNECTIONS }, asking));
    const micros = (cpu(pid) - before) / QUESTIONS;
    const columns = [rest, memory(pid), memory(pid, 'VmHWM')];
    const cells = [...columns, Math.round(micros)].map((n) => String(n).padStart(8));
    console.log(size.padEnd(14) + cells.join(''));
  } finally {
    await stop();
  }
}

/** One random file after another. */
function* random(seed, count) {
  let state = seed * 2_654_435_761 + 1;
  for (let asked = 0; asked < count; asked++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // a linear congruential generator
    const f = Math.floor((state / 2 ** 32) * FILES);
    yield `/d${f % FOLDERS}/f${f}.bin`;
  }
}

async function seed(file) {
  const store = openSqliteStore(file);
  await store.acl.importGrants(grantBatches(GRANTS));
  await store.close();
}
