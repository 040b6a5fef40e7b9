// Installs what is missing before `npm start`: npm packages (the pinned Node among them), and nginx where apt-get may.
// It runs on whatever Node the machine has, and imports nothing from npm.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { installPackages } from './debian.mjs';

process.chdir(new URL('..', import.meta.url).pathname);

function sameLock() {
  try {
    const installed = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages;
    const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
    const isOurs = ([name, { version }]) => wanted[name]?.version === version;
    // What is for another platform is never there.
    const isThere = ([name, { optional, devOptional }]) =>
      name === '' || optional === true || devOptional === true || name in installed;
    return Object.entries(installed).every(isOurs) && Object.entries(wanted).every(isThere);
  } catch {
    return false;
  }
}

if (!existsSync('node_modules/.bin/tsc') || !sameLock()) {
  console.error('latchkey: installing npm packages …');
  execFileSync('npm', ['ci', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
}

const has = (program) => spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;
installPackages(has('nginx') || has('/usr/sbin/nginx') ? [] : ['nginx-light']);
