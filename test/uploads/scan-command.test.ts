/** A scan by a real program: yes, no, and every way of not knowing; what it has started is gone when it is over. */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { CommandScan } from '../../src/uploads/scan-command.js';
import { path, principal } from './given.js';

/** Long enough for a shell to begin. */
const TIMEOUT_MS = 3_000;
const GONE_MS = 30_000;

function scanBy(t: Test, script: string, timeoutMs = 10_000) {
  const folder = t.testdir({ scan: `#!/bin/sh\n${script}\n`, file: 'bytes' });
  chmodSync(`${folder}/scan`, 0o755);
  const command = new CommandScan({ words: [`${folder}/scan`, '--one', 'two'], timeoutMs });
  t.teardown(() => command.close());
  const scanned = {
    file: `${folder}/file`,
    path: path('/team/plän $(x).pdf'),
    bytes: 5,
    owner: principal('user:alice'),
  };
  return { folder, command, scan: () => command.scan(scanned) };
}

t.test('its exit code is the answer', async (t) => {
  const cases: readonly (readonly [script: string, answer: object])[] = [
    ['exit 0', { kind: 'yes' }],
    ['echo FOUND; exit 0', { kind: 'yes' }],
    ['echo; echo "file: Eicar FOUND"; echo more; exit 1', { kind: 'no', reason: 'file: Eicar FOUND' }],
    ['echo bad >&2; exit 1', { kind: 'no', reason: 'bad' }],
    ['exit 1', { kind: 'no', reason: 'it gives no reason' }],
    [`printf 'a\\033[31mred\\342\\200\\256\\007'; exit 1`, { kind: 'no', reason: 'a?[31mred??' }],
    ['head -c 10000000 /dev/zero | tr "\\0" x; exit 1', { kind: 'no', reason: 'x'.repeat(200) }],
  ];
  for (const [script, answer] of cases) {
    await t.test(script, async (t) => t.strictSame(await scanBy(t, script).scan(), answer));
  }
});

t.test('everything else is not knowing', async (t) => {
  for (const [script, message] of [
    ['echo broken; exit 2', /exit code 2: broken/],
    ['exit 127', /exit code 127/],
    ['kill -9 $$', /by SIGKILL/],
    ['kill -SEGV $$', /by SIGSEGV/],
  ] as const) {
    await t.test(script, (t) =>
      t.rejects(scanBy(t, script).scan(), { name: 'NotKnown', code: 'scan-unavailable', message }),
    );
  }
  const none = new CommandScan({ words: ['/none/such'], timeoutMs: TIMEOUT_MS });
  const scanned = { file: '/x', path: path('/x'), bytes: 0, owner: undefined };
  await t.rejects(none.scan(scanned), { code: 'scan-unavailable', message: /cannot be run.*ENOENT/ });
});

t.test('it is given the file, what is known of it, and none of our secrets', async (t) => {
  const { folder, scan } = scanBy(
    t,
    'printf "%s\\n" "$@" > "$(dirname "$0")/args"; env > "$(dirname "$0")/env"',
  );
  process.env.LATCHKEY_JWT_SECRET = 'the secret of the tests';
  t.teardown(() => delete process.env.LATCHKEY_JWT_SECRET);
  t.strictSame(await scan(), { kind: 'yes' });
  t.equal(readFileSync(`${folder}/args`, 'utf8'), `--one\ntwo\n${folder}/file\n`);
  const env = readFileSync(`${folder}/env`, 'utf8');
  t.match(env, /^LATCHKEY_SCAN_PATH=\/team\/plän \$\(x\)\.pdf$/m);
  t.match(env, /^LATCHKEY_SCAN_BYTES=5$/m);
  t.match(env, /^LATCHKEY_SCAN_OWNER=user:alice$/m);
  t.notMatch(env, /the secret of the tests|^LATCHKEY_(?!SCAN_)/m);
});

/** A process that was killed is gone when its parent has heard of it. */
async function isGone(pid: number): Promise<boolean> {
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    try {
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true;
    } catch {
      return true;
    }
    if (performance.now() > deadline) return false;
    await turn();
  }
}

const pidIn = (file: string) => Number(readFileSync(file, 'utf8'));
const LEAVES_CHILD = 'sleep 1000 & echo $! > "$(dirname "$0")/child"; echo $$ > "$(dirname "$0")/own"';

t.test('one that hangs is killed with all that it has started', async (t) => {
  const { folder, scan } = scanBy(t, `${LEAVES_CHILD}; trap "" TERM; wait; sleep 1000`, TIMEOUT_MS);
  await t.rejects(scan(), { code: 'scan-unavailable', message: /not ended after 3000 ms/ });
  for (const name of ['own', 'child']) t.equal(await isGone(pidIn(`${folder}/${name}`)), true, name);
});

t.test('what one leaves behind ends with it, and does not hold its answer', async (t) => {
  const { folder, scan } = scanBy(t, `${LEAVES_CHILD}; exit 0`);
  t.strictSame(await scan(), { kind: 'yes' });
  t.equal(await isGone(pidIn(`${folder}/child`)), true);
});

t.test('when the service stops, those that run end, and nobody is told yes', async (t) => {
  const { folder, command, scan } = scanBy(t, `${LEAVES_CHILD}; wait`);
  writeFileSync(`${folder}/own`, '');
  const asked = t.rejects(scan(), { code: 'scan-unavailable', message: /SIGKILL/ });
  while (readFileSync(`${folder}/own`, 'utf8') === '') await turn();
  command.close();
  await asked;
  t.equal(await isGone(pidIn(`${folder}/child`)), true);
});
