// `node bench/import.mjs`: what the choices of a bulk import are worth (docs/decisions/0008-import.md): a million
// grants into an empty store, the program as it is and with one choice taken back. Each round runs all of them in
// another order; the CPU of the process is steadier than the clock on a machine that is shared.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './measure.mjs';
import { buildVariant, dropVariants } from './variant.mjs';

const GRANTS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 7;
const BATCH = 1_000;
const FILES = 100_000;

const BULK = 'storage/sqlite/bulk-grants.js';
const CONNECTION = 'storage/sqlite/connection.js';
const VARIANTS = [
  ['as it is', []],
  ['pages of 4,096 bytes', [[CONNECTION, 'PAGE_BYTES = 8192', 'PAGE_BYTES = 4096']]],
  [
    'the index kept during the import',
    [
      [BULK, 'if (this.#wasEmpty)\n            db.exec', 'if (false)\n            db.exec'],
      [BULK, 'if (this.#wasEmpty)\n            this.#db', 'if (false)\n            this.#db'],
    ],
  ],
  ['1 row a statement', [[BULK, 'ROWS = 100', 'ROWS = 1']]],
  ['10 rows a statement', [[BULK, 'ROWS = 100', 'ROWS = 10']]],
  ['1,000 rows a statement', [[BULK, 'ROWS = 100', 'ROWS = 1000']]],
];

const home = mkdtempSync(join(tmpdir(), 'latchkey-import-'));
try {
  const all = [];
  for (const [name, changes] of VARIANTS) {
    const { openSqliteStore } = await import(`${buildVariant(name, changes)}storage/sqlite/open.js`);
    all.push({ name, openSqliteStore, seconds: [], cpu: [], bytes: 0 });
  }
  for (let round = 0; round < ROUNDS; round++) {
    const turn = round % all.length;
    for (const one of [...all.slice(turn), ...all.slice(0, turn)]) {
      const file = join(home, 'latchkey.db');
      const store = one.openSqliteStore(file);
      const began = performance.now();
      const used = process.cpuUsage();
      await store.acl.importGrants(batches());
      const { user, system } = process.cpuUsage(used);
      one.seconds.push((performance.now() - began) / 1000);
      one.cpu.push((user + system) / 1e6);
      await store.close();
      one.bytes = statSync(file).size;
      rmSync(file);
    }
  }
  const column = (text, width = 10) => String(text).padStart(width);
  console.log(
    `${'variant'.padEnd(36)}${column('grants/s')}${column('ratio')}${column('CPU s')}${column('ratio')}${column('MiB')}`,
  );
  const [first] = all;
  for (const { name, seconds, cpu, bytes } of all) {
    const rate = Math.round(GRANTS / median(seconds));
    const byClock = (median(first.seconds) / median(seconds)).toFixed(2);
    const byCpu = (median(first.cpu) / median(cpu)).toFixed(2);
    const mib = Math.round(bytes / 2 ** 20);
    console.log(
      name.padEnd(36) +
        column(rate) +
        column(byClock) +
        column(median(cpu).toFixed(2)) +
        column(byCpu) +
        column(mib),
    );
  }
} finally {
  rmSync(home, { recursive: true, force: true });
  dropVariants();
}

/** As many people's grants on as many files, in no order. */
async function* batches() {
  const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  for (let i = 0; i < GRANTS; i += BATCH) {
    yield Array.from({ length: Math.min(BATCH, GRANTS - i) }, (_, j) => {
      const f = ((i + j) * 7919) % FILES;
      return { principal: `user:u${Math.floor((i + j) / FILES)}`, path: `/d${f % 100}/f${f}.bin`, ...rest };
    });
  }
}
