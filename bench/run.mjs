// `npm run bench`: what a decision costs, side by side in one run. Rounds are interleaved (A B C A B C …) and
// medians printed, as ratios to bare nginx and to the floor, since the machines are shared and noisy.
import { spawnSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { withEnds } from './ends.mjs';
import { firstTokens } from './first-token.mjs';
import { load, median, memory } from './measure.mjs';
import { createModes } from './modes.mjs';

const quick = process.argv.includes('--quick');
const only = process.argv.includes('--mode') ? process.argv[process.argv.indexOf('--mode') + 1] : undefined;
const ROUNDS = quick ? 2 : 5;
const SECONDS = quick ? 1 : 3;

for (const [program, arg] of [
  ['wrk', '-v'],
  ['/usr/sbin/nginx', '-v'],
]) {
  if (spawnSync(program, [arg]).error !== undefined) {
    console.error(`bench: ${program} is missing; apt-get install wrk nginx-light`);
    process.exit(2);
  }
}

const firsts = await firstTokens(); // before the machine is busy
await withEnds(async (ends) => {
  const site = await ends.starting(createModes(ends));
  const modes =
    only === undefined ? site.modes : site.modes.filter(({ name }) => new RegExp(only).test(name));
  if (modes.length === 0)
    throw new Error(`no mode is like '${only}': ${site.modes.map((m) => m.name).join(', ')}`);
  for (const mode of modes) load(mode, 1); // warm
  const rounds = new Map(modes.map((mode) => [mode, []]));
  for (let i = 0; i < ROUNDS; i++) {
    for (const mode of modes) {
      rounds.get(mode).push(load(mode, SECONDS));
      await turn(); // for a Ctrl-C
    }
  }
  print(site, modes, rounds);
});

function print(site, modes, rounds) {
  const rate = new Map(modes.map((mode) => [mode.name, median(rounds.get(mode).map((round) => round.rate))]));
  const ratio = (name, to) => (rate.has(to) ? (rate.get(name) / rate.get(to)).toFixed(2) : '–').padStart(9);
  console.log(
    `\n${'mode'.padEnd(34)}${'req/s'.padStart(8)}${'to bare'.padStart(9)}${'to floor'.padStart(9)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}`,
  );
  for (const mode of modes) {
    const p = (key) =>
      median(rounds.get(mode).map((round) => round[key]))
        .toFixed(2)
        .padStart(9);
    const speed = String(Math.round(rate.get(mode.name))).padStart(8);
    console.log(
      `${mode.name.padEnd(34)}${speed}${ratio(mode.name, mode.base)}${ratio(mode.name, 'floor, 1 KiB')}${p('p50')}${p('p99')}`,
    );
    const wrong = rounds.get(mode).reduce((sum, round) => sum + round.errors, 0);
    if (wrong > 0) console.log(`  ${wrong} answers were not 2xx`);
  }
  console.log('\nresident memory, MiB');
  for (const [name, pid] of site.processes)
    console.log(`  ${name.padEnd(32)}${String(memory(pid)).padStart(6)}`);
  const between = (a, b) => (rate.has(a) && rate.has(b) ? (rate.get(a) / rate.get(b)).toFixed(2) : '–');
  console.log(
    `\nimport of ${site.grants.toLocaleString('en')} grants: ${Math.round(site.importRate).toLocaleString('en')} rows a second`,
  );
  console.log(
    `Latchkey, 1,000,000 grants, to node:http: ${between('Latchkey 1M, hot', 'node:http, 200 at once')} (0.80 wanted)`,
  );
  console.log(
    `random paths, 1,000,000 grants to 1,000: ${between('Latchkey 1M, random', 'Latchkey 1k, random')} (0.67 wanted)`,
  );
  console.log(
    `time of an answer, with a known token to without: ${between('Latchkey 1M, hot, anonymous', 'Latchkey 1M, hot')} (1.20 at most wanted)`,
  );
  console.log(
    `time of an answer, by a signed URL to anonymous: ${between('Latchkey 1M, hot, anonymous', 'Latchkey 1M, signed URL')} (1.10 at most wanted)`,
  );
  console.log('\nthe first look at a token, in microseconds');
  for (const [algorithm, cost] of firsts)
    console.log(`  ${algorithm.padEnd(32)}${cost.toFixed(0).padStart(6)}`);
}
