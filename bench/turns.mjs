// `node bench/turns.mjs`: what 0010 rests on: how many sockets Node reads in one turn of its event loop when all
// are ready at once, and what one question to SQLite for a change costs; and the check that stands in its place where the
// store is PostgreSQL (0031).
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FreshFacts } from '../dist/storage/fresh-facts.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { median } from './measure.mjs';

const CALLS = 300_000;
const LOOPS = 5;
const home = mkdtempSync(join(tmpdir(), 'latchkey-turns-'));
try {
  for (const sockets of [500, 1_000, 1_500, 3_000]) {
    console.log(`${sockets} sockets ready: ${await mostInOneTurn(sockets)} read in one turn`);
  }
  const store = openSqliteStore(join(home, 'latchkey.db'));
  for (const [name, facts] of [
    ['SQLite', store.facts],
    ['PostgreSQL', await heardOf(store.facts)],
  ]) {
    const micros = median(Array.from({ length: LOOPS }, () => microsOfACheck(facts)));
    console.log(`one check, ${name}: ${micros.toFixed(2)} µs`);
  }
  await store.close();
} finally {
  rmSync(home, { recursive: true, force: true });
}

async function mostInOneTurn(count) {
  let most = 0;
  let read = 0;
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', () => {
        read += 1;
        if (read > 1) return;
        setImmediate(() => {
          most = Math.max(most, read);
          read = 0;
        });
      });
  });
  const path = join(home, `${count}.sock`);
  await new Promise((resolve) => server.listen({ path, backlog: count }, resolve));
  const clients = [];
  for (let i = 0; i < count; i++) {
    const client = connect(path).on('error', () => undefined);
    await new Promise((resolve) => client.once('connect', resolve));
    clients.push(client);
  }
  await wait(200);
  for (const client of clients) client.write('x'); // they go out at once, within this turn
  await wait(500);
  for (const client of clients) client.destroy();
  server.close();
  return most;
}

/** What is known is young enough, and it was announced. */
async function heardOf(source) {
  const clocks = { monotonic: () => performance.now(), wall: () => Date.now() };
  const facts = new FreshFacts(source, { stalenessMaxMs: 600_000, clocks });
  facts.announced(facts.now());
  await facts.poll();
  return facts;
}

function microsOfACheck(facts) {
  const began = performance.now();
  for (let i = 0; i < CALLS; i++) facts.version();
  return ((performance.now() - began) / CALLS) * 1_000;
}
