// Runs the tests, behind `npm test`: arguments go to tap. Started as root, the services drop to another user, as they
// do anywhere; where that user cannot enter this folder (`mktemp -d` makes such), the tests run in a copy of it.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Of earlier runs, or of somebody's own trials. */
const LEFT_OUT = ['.tap', 'data'];
const ENTER = 0o001;
const root = process.cwd();

const above = (folder) => (dirname(folder) === folder ? [folder] : [folder, ...above(dirname(folder))]);
const closed = above(root).find((folder) => (statSync(folder).mode & ENTER) === 0);
const copy = process.getuid?.() === 0 && closed !== undefined ? copied(closed) : undefined;

// Some thousand processes load the same files: compiled, and without their types, once.
const compileCache = mkdtempSync(join(tmpdir(), 'latchkey-compiled-'));
chmodSync(compileCache, 0o755);

// npm has put the programs of the folder that it was started in first; those of the copy come before them.
const path = copy === undefined ? process.env.PATH : `${copy}/node_modules/.bin:${process.env.PATH}`;
const tap = spawn('node_modules/.bin/tap', ['--reporter=tap', ...process.argv.slice(2)], {
  cwd: copy ?? root,
  env: { ...process.env, PATH: path, NODE_COMPILE_CACHE: compileCache },
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tap.kill(signal));
tap.on('exit', (code, signal) => {
  rmSync(compileCache, { recursive: true, force: true });
  if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
  process.exitCode = code ?? (signal === null ? 0 : 1);
});

function copied(closed) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-tests-'));
  chmodSync(folder, 0o755);
  console.error(`latchkey: only root can enter ${closed}: the tests run in a copy, ${folder}`);
  const entries = readdirSync(root).filter((name) => !LEFT_OUT.includes(name));
  execFileSync('cp', ['-a', '--', ...entries, folder], { stdio: ['ignore', 2, 2] });
  return folder;
}
