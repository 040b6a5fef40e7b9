// Installs what is missing before `npm test`: what `npm start` needs, a browser, the framework of the site whose
// sessions the tests use, the interpreters of the signers in docs/links.md, PostgreSQL, Redis, and
// openssl, which makes their certificates.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { installPackages } from './debian.mjs';
import './install.mjs';

const hasProgram = (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
const hasDjango = spawnSync('/usr/bin/python3', ['-c', 'import django'], { stdio: 'ignore' }).status === 0;
// Of PostgreSQL there may be the client alone.
const servers = '/usr/lib/postgresql';
const hasServer =
  existsSync(servers) && readdirSync(servers).some((one) => existsSync(`${servers}/${one}/bin/initdb`));
installPackages([
  ...(existsSync('/usr/bin/chromium') ? [] : ['chromium']),
  ...(hasDjango ? [] : ['python3-django']),
  ...(hasProgram('php') ? [] : ['php-cli']),
  ...(hasProgram('ruby') ? [] : ['ruby']),
  ...(hasServer ? [] : ['postgresql']),
  ...(existsSync('/usr/bin/openssl') ? [] : ['openssl']),
  ...(hasProgram('redis-server') ? [] : ['redis-server']),
]);
