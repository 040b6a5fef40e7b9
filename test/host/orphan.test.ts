/** That the nginx an `up` left is gone whole, and its port free, when the next `up` is told so. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { stopOrphanedNginx } from '../../src/host/orphan.js';
import { isAlive } from '../commands/processes.js';

/** As nginx ends: it removes its file with the number first, and lets its port go after that. */
const ENDS_AS_NGINX = `
  process.once('SIGTERM', () => {
    require('node:fs').rmSync('run/nginx.pid');
    setTimeout(() => process.exit(), 200);
  });
  process.title = 'nginx: master process nginx -c run/nginx.conf '; // what no longer says so has ended, too
  setInterval(() => undefined, 60_000);
  process.send('ready');
`;

t.test('it has ended when that is said, not when it begins to', async (t) => {
  const folder = t.testdir({ run: {} });
  const nginx = spawn(
    process.execPath,
    ['-e', ENDS_AS_NGINX, 'a', 'title', 'has', 'room', 'of', 'its', 'own'],
    {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  t.teardown(() => nginx.kill('SIGKILL'));
  await once(nginx, 'message');
  const pid = nginx.pid ?? 0;
  writeFileSync(`${folder}/run/nginx.pid`, `${pid}\n`);
  t.equal(await stopOrphanedNginx(folder), pid);
  t.notOk(isAlive(pid));
});
