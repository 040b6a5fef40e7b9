// Installs packages of Debian where that may be done, and says in one line what is missing where not.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** @param {readonly string[]} packages what is missing */
export function installPackages(packages) {
  if (packages.length === 0) return;
  const names = packages.join(' ');
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.error(`latchkey: missing: ${names}; install them, for example 'sudo apt-get install ${names}'`);
    process.exit(2);
  }
  console.error(`latchkey: installing ${names} …`);
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  execFileSync('apt-get', ['update', '-q'], options);
  execFileSync('apt-get', ['install', '-qy', '--no-install-recommends', ...packages], options);
}
