// How long a revoke takes until three authorizers decide by it, each behind its own nginx and under load, and what becomes
// of it while Redis, PostgreSQL, the lines to them or an authorizer are away. It starts all of it in a temporary folder, as
// test/fleet/faults.test.ts does, and removes it at the end, also by Ctrl-C.
//
//     npm run bench:fleet -- --alternations 1000 --faults
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { alternateAll, alternateDuring, startScene } from '../test/fleet/alternating.ts';
import { HELD, KEPT, postgresFaults, redisFaults, suffer, untilFeed } from '../test/fleet/faults.ts';
import { startNodes } from '../test/fleet/nodes.ts';
import { postgres } from '../test/postgres.ts';
import { redisServer } from '../test/storage/redis-server.ts';
import { withEnds } from './ends.mjs';

const HELP = `Usage: node --import=./scripts/ts-imports.mjs bench/fleet.mjs [OPTIONS]

Two writers grant and revoke while three nginxes are asked all the time, each with an authorizer of its own.

  --alternations N   grants and revokes, of both writers together; default 10000
  --feed FEED        what tells of changes: redis, the default, or listen, which is PostgreSQL alone
  --faults           then go on while each part is killed, stopped, cut off or paused for 10 s
  --json             print one object
  --help             print this

Exit code 1: somebody was allowed later than the bound or than a receipt that named all, or refused so.`;

const BOUND_MS = 2_000;
const HOLD_MS = 10_000;
const WRITTEN = ['/one.txt', '/two.txt'];
/** As an operator has it, but for its size. */
const POSTGRES = ['shared_buffers=128MB'];
const TELL_MS = 5_000;

const { alternations, feed, faults, json } = optionsOf(process.argv.slice(2));
try {
  const told = await withEnds(measured);
  console.log(json ? JSON.stringify(told) : inWords(told));
  process.exit(told.violations.length > 0 ? 1 : 0);
} catch (error) {
  console.error(`bench: ${error.stack}`);
  process.exit(3);
}

async function measured(ends) {
  tell('starting PostgreSQL, three authorizers and three nginxes …');
  const { server, redis, nodes, options } = await ends.starting(startAll(ends));
  await untilFeed(nodes.all, 'listening');
  const scene = await startScene(ends, nodes, options);
  const { judged, each } = scene;
  await (await scene.change(KEPT, 'granted')).isEffective;
  await each.until(KEPT, { sentAfter: judged.from(KEPT), status: 200 });

  const loadBefore = loadavg()[0];
  const began = performance.now();
  let begun = 0;
  const telling = setInterval(() => tell(`${begun} of ${alternations} alternations`), TELL_MS);
  const calm = await alternateAll(scene, WRITTEN, () => begun < alternations && ++begun > 0);
  clearInterval(telling);
  const tookMs = performance.now() - began;
  const answers = each.counts();

  const suffered = [];
  const all = [...(redis ? redisFaults(scene, redis) : []), ...postgresFaults(scene, server)];
  for (const fault of faults ? all : []) {
    tell(`${fault.name} …`);
    const before = judged.violations.length;
    const { result, figures } = await alternateDuring(scene, WRITTEN, () => suffer(scene, fault, HOLD_MS));
    const violations = judged.violations.length - before;
    suffered.push({ ...result, revokes: figures.revokes, violations });
  }
  return {
    alternations: calm.revokes,
    feed,
    boundMs: BOUND_MS,
    machineLoad: { before: loadBefore, after: loadavg()[0] },
    tookMs,
    receiptMs: { count: calm.receiptMs.length, ...percentiles(calm.receiptMs) },
    refusedMs: { count: calm.refusedMs.length, ...percentiles(calm.refusedMs) },
    answers,
    judged: judged.judged,
    faults: suffered,
    violations: judged.violations,
  };
}

async function startAll(ends) {
  const server = await postgres(ends, POSTGRES);
  const redis = feed === 'redis' ? await redisServer(ends) : undefined;
  const options = { postgres: server, redis, boundMs: BOUND_MS, files: [KEPT, HELD, ...WRITTEN] };
  return { server, redis, nodes: await startNodes(ends, options), options };
}

function inWords(told) {
  const { machineLoad, receiptMs, refusedMs } = told;
  const rate = Object.values(told.answers).reduce((sum, count) => sum + count, 0) / (told.tookMs / 1_000);
  const lines = [
    `${whole(told.alternations)} grants and revokes by two writers, three nodes, ${told.feed}, bound ${told.boundMs} ms`,
    `load of the machine ${machineLoad.before.toFixed(1)} before, ${machineLoad.after.toFixed(1)} after; ${whole(rate)} questions a second`,
    '',
    row('ms from the commit of a revoke', ['p50', 'p90', 'p99', 'max']),
    row(`all have confirmed (${whole(receiptMs.count)})`, figuresOf(receiptMs)),
    row(`first 403 on every node (${whole(refusedMs.count)})`, figuresOf(refusedMs)),
    '',
    `answers by status: ${inCounts(told.answers)}`,
    `of all answers ${whole(told.judged)} could have been violations`,
  ];
  if (told.faults.length > 0)
    lines.push('', row('while', ['served after', 'revokes', 'violations', 'answers to who may']));
  for (const { name, servedAfterMs, revokes, violations, statuses } of told.faults)
    lines.push(row(name, [`${servedAfterMs.toFixed(0)} ms`, revokes, violations, inCounts(statuses)]));
  lines.push('', `violations: ${told.violations.length}`);
  for (const violation of told.violations.slice(0, 20)) lines.push(`  ${JSON.stringify(violation)}`);
  return lines.join('\n');
}

function row(name, cells) {
  const first = cells.map((cell) => String(cell).padStart(12)).join('  ');
  return `${name.padEnd(42)}${first}`;
}

function figuresOf({ p50, p90, p99, max }) {
  return [p50, p90, p99, max].map((ms) => ms.toFixed(0));
}

function percentiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function inCounts(counts) {
  return Object.entries(counts)
    .map(([status, count]) => `${status}: ${whole(count)}`)
    .join(', ');
}

function whole(number) {
  return Math.round(number).toLocaleString('en');
}

function tell(message) {
  console.error(`bench: ${message}`);
}

function optionsOf(words) {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        alternations: { type: 'string', default: '10000' },
        feed: { type: 'string', default: 'redis' },
        faults: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const count = Number(values.alternations);
    if (!Number.isSafeInteger(count) || count < 1) throw new Error('--alternations takes a number from 1');
    if (!['redis', 'listen'].includes(values.feed)) throw new Error('--feed takes redis or listen');
    return { ...values, alternations: count };
  } catch (error) {
    console.error(`bench: ${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}
