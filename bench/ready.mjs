// `node bench/ready.mjs [GRANTS]`: how long an authorizer takes from its start until /readyz says ready, with a million
// grants and with none, in turn, on a machine that is otherwise quiet. The CPU of the process is steadier than the clock.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLI, startAuthorizer } from './authorizer.mjs';
import { cpu, median } from './measure.mjs';

const GRANTS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 15;

const home = mkdtempSync(join(tmpdir(), 'latchkey-ready-'));
const env = { ...process.env, LATCHKEY_USER: 'root' };
try {
  const lines = Array.from(
    { length: GRANTS },
    (_, i) => `user:u${i % 50_000},read,/team${i % 1_000}/folder${i % 100_000}/file${i}.txt\n`,
  );
  const input = `principal,action,path\n${lines.join('')}`;
  const stores = [`${home}/none`, `${home}/many`].map((data) => ({ data, clock: [], cpu: [] }));
  execFileSync(process.execPath, [CLI, 'import', '-', '--data', stores[1].data], { input, env });
  for (let round = 0; round < ROUNDS; round++) {
    for (const store of stores) await startOnce(store);
  }
  for (const { data, clock, cpu } of stores) {
    console.log(
      `${data.endsWith('many') ? GRANTS : 0} grants: ${median(clock)} ms, ${median(cpu)} ms of CPU`,
    );
  }
} finally {
  rmSync(home, { recursive: true });
}

async function startOnce({ data, clock, cpu: used }) {
  const { pid, readyMs, stop } = await startAuthorizer({ LATCHKEY_DATA: data });
  clock.push(Math.round(readyMs));
  used.push(cpu(pid) / 1000);
  await stop();
}
