// `node bench/shortcuts.mjs`: what the authorizer's two shortcuts save (docs/decisions/0010 and 0011). wrk asks it
// over TCP, without nginx: what is left is the authorizer. The CPU of its process a decision is steadier than the
// rate on a machine that is shared.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { SECRET, tokenOf } from './authorizer.mjs';
import { cpu, load, median } from './measure.mjs';
import { buildVariant, dropVariants } from './variant.mjs';

const ROUNDS = 7;
const SECONDS = 3;
const PORT = 18_300;

const EACH_CHECKS = ['storage/shared-check.js', 'TURN_CONNECTIONS_MAX = 1_000', 'TURN_CONNECTIONS_MAX = 0'];
const BY_THE_ROUTER = [
  'http/authorizer-app.js',
  "method !== 'GET' || !url.startsWith(AUTHORIZE_PREFIX)",
  "method === 'GET' && url.startsWith(AUTHORIZE_PREFIX)",
];
const VARIANTS = [
  ['as it is', []],
  ['one check a decision', [EACH_CHECKS]],
  ['one check a decision, by the router', [EACH_CHECKS, BY_THE_ROUTER]],
];

const home = mkdtempSync(join(tmpdir(), 'latchkey-shortcuts-'));
const running = [];
try {
  await seed();
  const token = tokenOf('alice');
  for (const [i, [name, changes]] of VARIANTS.entries()) running.push(await start(name, changes, PORT + i));
  const ask = (one) => ({ url: one.url, token, script: one.script });
  for (const one of running) load(ask(one), 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of running) {
      const before = cpu(one.process.pid);
      const { rate, errors } = load(ask(one), SECONDS);
      if (errors > 0) throw new Error(`${one.name}: ${errors} answers were not 2xx`);
      one.rates.push(rate);
      one.micros.push((cpu(one.process.pid) - before) / (rate * SECONDS));
    }
  }
  const [first] = running;
  console.log(`${'variant'.padEnd(40)}decisions/s    ratio   CPU µs`);
  for (const one of running) {
    const rate = median(one.rates);
    const ratio = (rate / median(first.rates)).toFixed(2);
    console.log(
      `${one.name.padEnd(40)}${Math.round(rate).toString().padStart(11)}${ratio.padStart(9)}${median(one.micros).toFixed(1).padStart(9)}`,
    );
  }
} finally {
  for (const { process: child } of running) child.kill('SIGTERM');
  rmSync(home, { recursive: true, force: true });
  dropVariants();
}

async function seed() {
  const store = openSqliteStore(join(home, 'latchkey.db'));
  const rest = { action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined };
  await store.acl.putGrants([{ principal: 'user:alice', path: '/team/', ...rest }]);
  await store.close();
}

async function start(name, changes, port) {
  const cli = `${buildVariant(name, changes)}cli.js`;
  const env = { ...process.env, LATCHKEY_DATA: home, LATCHKEY_JWT_SECRET: SECRET, LATCHKEY_USER: 'root' };
  const child = spawn(process.execPath, [cli, 'authorizer', '--listen', `127.0.0.1:${port}`], {
    env,
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  await new Promise((resolve) => child.once('message', resolve));
  const url = `http://127.0.0.1:${port}/authorize/files/team/plan.pdf`;
  const script = new URL('get.lua', import.meta.url).pathname;
  return { name, process: child, url, script, rates: [], micros: [] };
}
