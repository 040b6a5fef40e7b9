// `node bench/ready.mjs`: how long an authorizer takes from its start until /readyz says ready, with a million grants and
// with none, in turn, on a machine that is otherwise quiet. The CPU of the process is steadier than the clock.
import { execFileSync, spawn } from 'node:child_process';

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { median } from './variant.mjs';

const GRANTS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 15;
const POLL_MS = 2;
const TICK_MS = 10;
const CLI = new URL('../dist/cli.js', import.meta.url).pathname;

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

async function startOnce({ data, clock, cpu }) {
  const began = performance.now();
  const args = ['--max-semi-space-size=16', CLI, 'authorizer', '--data', data];
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  while ((await statusOf(`${data}/run/authorizer-1.sock`)) !== 200) await wait(POLL_MS);
  clock.push(Math.round(performance.now() - began));
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  cpu.push((Number(fields[11]) + Number(fields[12])) * TICK_MS);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

function statusOf(socketPath) {
  return new Promise((resolve) => {
    request({ socketPath, path: '/readyz', agent: false }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    })
      .once('error', () => resolve(undefined))
      .end();
  });
}
