// What very many grants change, beside 1,000, in SQLite and in PostgreSQL, in one run: decisions whose path is asked for
// the first time and again, how soon an authorizer is ready, and what it takes of memory after very many paths. It
// imports them by the command, as an operator does, into a PostgreSQL of its own, and leaves nothing behind.
//
//     npm run --silent build && node --import=./scripts/ts-imports.mjs bench/large.mjs [GRANTS]
//
// Everything is on one machine: the client, the authorizer and PostgreSQL share its processors.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgres } from '../test/postgres.ts';
import { askInTurn, CLI, startAuthorizer, statusOf, tokenOf } from './authorizer.mjs';
import { withEnds } from './ends.mjs';
import { cpu, median, memory } from './measure.mjs';

const FEW = 1_000;
const MANY = Number(process.argv[2] ?? 10_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const STARTS = Number(process.env.BENCH_STARTS ?? 9);
/** Different paths that each large store is asked about at last. */
const PATHS = Number(process.env.BENCH_PATHS ?? MANY / 10);
const FOLDERS = 1_000;
const USERS = 50_000;
const TIMES_HOT = 5;
const CONNECTIONS = 32;
const STRIDE = 7_919;
const LINES = 50_000;
const MIB = 2 ** 20;
/** As Debian's package runs it; the tests' own server has neither fsync nor room. */
const SERVER = ['fsync=on', 'shared_buffers=128MB', 'autovacuum=on'];

const token = tokenOf('alice');
const say = (text) => console.error(`large: ${text}`);
const pathOf = (i) => `/folder-${i % FOLDERS}/sub-${i % 77}/file-${i}.pdf`;

await withEnds(async (ends) => {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-large-'));
  ends.teardown(() => rmSync(home, { recursive: true, force: true }));
  const server = await postgres(ends, SERVER);
  const one = join(home, 'one.csv');
  writeFileSync(one, 'principal,action,path\nuser:alice,read,/\n');
  const stores = [];
  for (const grants of [FEW, MANY]) {
    const input = await written(join(home, `${grants}.csv`), grants);
    stores.push(await imported({ name: 'SQLite', grants, home, input }));
    stores.push(await imported({ name: 'PostgreSQL', grants, home, input, server }));
    rmSync(input);
  }
  const client = await server.client();
  for (const store of stores) store.bytes = await bytesOf(store, client);
  table('import, by the command', stores.filter(({ grants }) => grants === MANY).map(importRow));

  for (let n = 0; n < STARTS; n++) {
    for (const store of stores) await startOnce(store);
  }
  for (const store of stores) {
    store.running = await startAuthorizer(store.env);
    ends.teardown(store.running.stop);
  }
  for (let round = -1; round < ROUNDS; round++) {
    say(`round ${round + 1} of ${ROUNDS}`);
    for (const store of stores) await askRound(store, { round, one });
  }
  table('one decision after the other, µs from the question to the answer', [...rows(stores)]);
  table('an authorizer is ready', stores.map(readyRow));
  const kept = [];
  for (const store of stores) if (store.grants === MANY) kept.push(await fill(store));
  table(`memory, after different paths by ${CONNECTIONS} connections`, kept);
  console.log(
    `load of the machine at the end: ${loadavg()
      .map((n) => n.toFixed(1))
      .join(' ')}`,
  );
});

/** Alice may read all; the rest are other people's grants, each on a file of its own. */
async function written(file, grants) {
  say(`writing ${grants} lines …`);
  const out = createWriteStream(file);
  out.write('principal,action,path\nuser:alice,read,/\n');
  for (let first = 0; first < grants; first += LINES) {
    const count = Math.min(LINES, grants - first);
    const line = (_, n) => `user:u${(first + n) % USERS},read,${pathOf(first + n)}\n`;
    if (!out.write(Array.from({ length: count }, line).join(''))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return file;
}

async function imported({ name, grants, home, input, server }) {
  const data = join(home, `${name}-${grants}`);
  mkdirSync(data);
  const database = server && { LATCHKEY_DATABASE_URL: server.url({ schema: `grants_${grants}` }) };
  const store = {
    name,
    grants,
    data,
    env: { LATCHKEY_DATA: data, ...database },
    cold: [],
    hot: [],
    starts: [],
    startCpu: [],
  };
  say(`${grants} grants into ${name} …`);
  store.import = await command(store, ['import', input, '--json']);
  return store;
}

/** Seconds, and the most that the command took of memory. */
async function command({ env }, words) {
  const began = performance.now();
  const options = { env: { ...process.env, LATCHKEY_USER: 'root', ...env }, stdio: ['ignore', 'ignore', 2] };
  const child = spawn(process.execPath, [CLI, ...words], options);
  const exit = once(child, 'exit');
  let most = 0;
  const looking = setInterval(() => {
    try {
      most = Math.max(most, memory(child.pid, 'VmHWM') || 0);
    } catch {} // it has ended
  }, 100);
  const [code] = await exit;
  clearInterval(looking);
  if (code !== 0) throw new Error(`latchkey ${words[0]} ended with ${code}`);
  return { seconds: (performance.now() - began) / 1000, most };
}

async function bytesOf({ name, grants, data }, client) {
  if (name === 'SQLite') return statSync(join(data, 'latchkey.db')).size;
  const size = `SELECT pg_total_relation_size('grants_${grants}.grants')::float AS bytes`;
  return (await client.query(size)).rows[0].bytes;
}

async function startOnce({ env, starts, startCpu }) {
  const { pid, readyMs, stop } = await startAuthorizer(env);
  starts.push(readyMs);
  startCpu.push(cpu(pid) / 1000);
  await stop();
}

/** Everything is forgotten first: an import touches all that there is. Round -1 is for V8. */
async function askRound(store, { round, one }) {
  await command(store, ['import', one]);
  const [socket] = store.running.sockets;
  await statusOf(socket); // it has seen the import by now
  // One path of each folder, in the large store others in each round: each question has three things to look up.
  const base = Math.floor(Math.random() * (store.grants / FOLDERS)) * FOLDERS;
  const paths = Array.from({ length: FOLDERS }, (_, i) => pathOf(base + i));
  const times = async (asked) => {
    const all = [];
    await askInTurn({ socket, token, paths: asked, onAnswer: (micros) => all.push(micros) });
    return all.toSorted((a, b) => a - b);
  };
  const cold = await times(paths);
  const hot = await times(Array.from({ length: TIMES_HOT }, () => paths).flat());
  if (round < 0) return;
  store.cold.push(cold);
  store.hot.push(hot);
}

function* rows(stores) {
  const at = (rounds, part) => median(rounds.map((times) => times[Math.floor(times.length * part)]));
  for (const store of stores) {
    const few = stores.find(({ name, grants }) => name === store.name && grants === FEW);
    const row = { store: store.name, grants: store.grants };
    for (const kind of ['cold', 'hot']) {
      row[kind] = Math.round(at(store[kind], 0.5));
      row[`${kind} 99 %`] = Math.round(at(store[kind], 0.99));
      // Of each round: what else the machine did then, it did to both.
      const ratios = store[kind].map((times, n) => at([times], 0.5) / at([few[kind][n]], 0.5));
      row[`${kind} to ${FEW}`] = median(ratios).toFixed(2);
    }
    yield row;
  }
}

function readyRow({ name, grants, starts, startCpu }) {
  return { store: name, grants, 'ready ms': Math.round(median(starts)), 'CPU ms': median(startCpu) };
}

function importRow({ name, grants, import: { seconds, most }, bytes }) {
  const rate = Math.round(grants / seconds);
  return {
    store: name,
    grants,
    'grants/s': rate,
    s: Math.round(seconds),
    'MiB of the command': most,
    'MiB of the store': Math.round(bytes / MIB),
  };
}

/** Asks about more and more different paths. */
async function fill({ name, grants, running }) {
  say(`${PATHS} different paths of ${name} …`);
  const { pid, sockets } = running;
  const row = { store: name, 'MiB before': memory(pid) };
  const used = cpu(pid);
  for (const [from, to] of [
    [0, 1],
    [1, 2],
    [2, 4],
  ].map((part) => part.map((n) => Math.floor((n * PATHS) / 4)))) {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, i) =>
        askInTurn({ socket: sockets[0], token, paths: strided(from + i, to, grants) }),
      ),
    );
    row[`after ${to}`] = memory(pid);
  }
  row.most = memory(pid, 'VmHWM');
  row['CPU µs a question'] = Math.round((cpu(pid) - used) / PATHS);
  return row;
}

function* strided(from, to, grants) {
  for (let k = from; k < to; k += CONNECTIONS) yield pathOf((k * STRIDE) % grants);
}

function table(title, rows) {
  console.log(`\n${title}`);
  console.table(rows);
}
