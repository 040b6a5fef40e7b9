// Installs what is missing before `npm test`: what `npm start` needs, a browser, and the framework of the site whose
// sessions the tests use.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installPackages } from './debian.mjs';
import './install.mjs';

const hasDjango = spawnSync('/usr/bin/python3', ['-c', 'import django'], { stdio: 'ignore' }).status === 0;
installPackages([
  ...(existsSync('/usr/bin/chromium') ? [] : ['chromium']),
  ...(hasDjango ? [] : ['python3-django']),
]);
