// `npm start`: installs what is missing, builds, and runs everything. Arguments go to `latchkey up`.
import { execFileSync, spawn } from 'node:child_process';
import './install.mjs';

execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] });
const up = spawn('node_modules/.bin/node', ['dist/cli.js', 'up', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => up.kill(signal));
up.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 0);
});
