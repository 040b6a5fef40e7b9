/** What is done again and again, by real time, such as polls; and a process that was stopped, and wakes. */

import { spawn } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { repeat } from '../../src/storage/repeat.js';
import { ownFolder, stopsBefore } from '../commands/program.js';
import { plainEnvironment, until } from '../nginx/running-site.js';
import { settled } from './interleavings.js';

/** Of facts in a process. Short: nothing is asserted of how long anything takes. */
const BOUND_MS = 100;
const EVERY_MS = 5;
const NEVER_MS = 3_600_000;
const LIMIT_MS = 20_000;

/** A store that answers each poll when the test says so. */
function scene(t: Test, { everyMs = EVERY_MS, patienceMs = NEVER_MS } = {}) {
  const polls: { resolve(): void; reject(error: Error): void }[] = [];
  const said: string[] = [];
  const kept = repeat(
    () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      polls.push({ resolve, reject });
      return promise;
    },
    {
      everyMs,
      gapMs: 0,
      patienceMs,
      onLost: (error) => said.push(`lost: ${(error as Error).message}`),
      onFound: () => said.push('found'),
    },
  );
  // What the timers of repeat do not do: keep this process going.
  const going = setInterval(() => {}, 1_000);
  t.teardown(() => {
    kept.stop();
    clearInterval(going);
  });
  const asked = (n: number) =>
    until(
      async () => polls.length,
      (count) => count >= n,
      LIMIT_MS,
    );
  return { kept, polls, said, asked };
}

t.test('it asks at once, and again after each answer', async (t) => {
  const { polls, asked } = scene(t);
  for (let n = 1; n <= 4; n++) {
    await asked(n);
    t.equal(polls.length, n, 'and not while it waits for one');
    polls.at(-1)?.resolve();
  }
});

t.test('a store that is away is asked on, and both turns are told once', async (t) => {
  const { polls, said, asked } = scene(t);
  for (let n = 1; n <= 3; n++) {
    await asked(n);
    polls.at(-1)?.reject(new Error('away'));
  }
  for (let n = 4; n <= 5; n++) {
    await asked(n);
    polls.at(-1)?.resolve();
  }
  await asked(6);
  t.strictSame(said, ['lost: away', 'found']);
});

t.test('a question that is never answered is given up', async (t) => {
  const { said, asked } = scene(t, { patienceMs: EVERY_MS });
  await asked(3);
  t.strictSame(said, [`lost: no answer in ${EVERY_MS} ms`]);
});

t.test('who is in a hurry is asked for at once, and behind a question that is under way', async (t) => {
  const { kept, polls, asked } = scene(t, { everyMs: NEVER_MS });
  await asked(1);
  kept.hurry();
  kept.hurry();
  t.equal(polls.length, 1, 'one at a time');
  polls.at(-1)?.resolve();
  await asked(2);
  polls.at(-1)?.resolve();
  await settled();
  t.equal(polls.length, 2, 'and once for both');
  kept.hurry();
  await asked(3);
});

t.test('where it was stopped nothing is asked', async (t) => {
  const { kept, polls, said } = scene(t);
  kept.stop();
  polls.at(-1)?.reject(new Error('closed'));
  kept.hurry();
  await settled();
  t.equal(polls.length, 1);
  t.strictSame(said, []);
});

// ── a process that is stopped, and wakes ────────────────────────────────────────────────────────────────────

const PROGRAM = fileURLToPath(new URL('paused-process.ts', import.meta.url));
const ROUNDS = 10;

/** The process, and a store that has revision 0. */
function paused(t: Test) {
  const file = `${ownFolder(t)}/revision`;
  const write = (revision: number) => {
    writeFileSync(`${file}.new`, String(revision));
    renameSync(`${file}.new`, file);
  };
  write(0);
  const child = spawn(process.execPath, [PROGRAM, file, String(BOUND_MS)], {
    env: plainEnvironment({}),
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  stopsBefore(t).push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const state = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.[0];
  return {
    write,
    takeAway: () => rmSync(file),
    ask: () => child.stdin.write('\n'),
    answer: async () => (await lines.next()).value as string,
    /** Until it is stopped, and then longer than the bound. */
    stop: async () => {
      child.kill('SIGSTOP');
      await until(
        async () => state(),
        (letter) => letter === 'T',
        LIMIT_MS,
      );
      const since = performance.now();
      return () =>
        until(
          async () => performance.now() - since,
          (ms) => ms > BOUND_MS,
          LIMIT_MS,
        );
    },
    wake: () => child.kill('SIGCONT'),
  };
}

t.test('a process that wakes does not answer from its old state', async (t) => {
  const { write, ask, answer, stop, wake } = paused(t);
  for (let round = 0; round < ROUNDS; round++) {
    write(2 * round);
    await until(
      async () => {
        ask();
        return answer();
      },
      (told) => told === 'even',
      LIMIT_MS,
    );
    const behindTheBound = await stop();
    write(2 * round + 1);
    await behindTheBound();
    ask();
    wake();
    t.equal(await answer(), 'odd');
  }
});

t.test('nor where the store has gone in the meantime', async (t) => {
  const { takeAway, ask, answer, stop, wake } = paused(t);
  ask();
  t.equal(await answer(), 'even');
  const behindTheBound = await stop();
  takeAway();
  await behindTheBound();
  ask();
  wake();
  t.equal(await answer(), 'not known');
});
