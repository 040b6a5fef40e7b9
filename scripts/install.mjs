// Installs what is missing before `npm start` and `npm test`: npm packages (the pinned Node among them), and
// nginx where apt-get may. It runs on whatever Node the machine has, and imports nothing but node:.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);

function sameLock() {
  try {
    const installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
    const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
    return Object.entries(installed).every(([name, { version }]) => wanted[name]?.version === version);
  } catch {
    return false;
  }
}

if (!existsSync('node_modules/.bin/tsc') || !sameLock()) {
  console.error('latchkey: installing npm packages …');
  execFileSync('npm', ['ci', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
}

const has = (program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;
if (!has('nginx') && !has('/usr/sbin/nginx')) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error("latchkey: nginx is missing; install it, for example 'sudo apt-get install nginx-light'");
    process.exit(2);
  }
  console.error('latchkey: installing nginx …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Its own service must not take a port of this machine.
  execFileSync('apt-get', ['update', '-q'], { stdio: ['ignore', 2, 2], env });
  execFileSync('apt-get', ['install', '-qy', '--no-install-recommends', 'nginx-light'], {
    stdio: ['ignore', 2, 2],
    env,
  });
}
