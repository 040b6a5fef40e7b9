/** The four lines that `npm start` prints, pasted into another shell in the repository's folder, as they are. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { freePort } from '../nginx/free-port.js';
import { LATCHKEY, plainEnvironment } from '../nginx/running-site.js';
import { ownFolder, resultOf, start } from './program.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

t.test('the four lines upload a file, grant it and fetch it; somebody else is refused', async (t) => {
  // A folder whose name a shell would read as its own syntax.
  const data = `${ownFolder(t)}/it's $HOME`;
  const port = await freePort();
  const env = plainEnvironment({});
  const words = ['up', '--port', String(port), '--data', data, '--database', 'sqlite:other.db'];
  const up = [LATCHKEY.file, ...LATCHKEY.args, ...words] as const;
  const running = await start(t, up, /^ready http[\s\S]*\n {2}curl -H[^\n]*\n/m, { env });
  const [title, ...lines] = running.said().slice(running.said().indexOf('Paste')).trimEnd().split('\n');
  t.equal(title, 'Paste into another terminal, in this folder:');
  t.equal(lines.length, 4);
  const fetched = lines[3] ?? '';
  const carol = fetched
    .replace('token bob', 'token carol')
    .replace('curl ', "curl -so /dev/null -w '%{http_code}' ");
  const script = [...lines, 'echo ---', carol].join('\n');
  const bash = ['-u', 'NODE_OPTIONS', 'bash', '-c', script];
  const { code, stdout, stderr } = await resultOf(
    spawn('env', bash, { cwd: REPOSITORY, env, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  t.equal(code, 0, stderr);
  const [uploaded = '', granted, ...rest] = stdout.split('\n');
  t.match(JSON.parse(uploaded), { path: '/users/alice/README.md', created: true });
  t.equal(granted, 'granted: user:bob read /users/alice/README.md (grant 1)');
  t.equal(rest.join('\n'), `${readFileSync(`${REPOSITORY}/README.md`, 'utf8')}---\n403`);
  t.equal((await running.stop()).code, 0);
});
