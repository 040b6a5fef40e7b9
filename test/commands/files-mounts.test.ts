/**
 * `latchkey files` where root and partials are two mounts of one file system, which have one device number and
 * between which no rename is possible: told at the start, not by the first upload.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import t from 'tap';
import { LATCHKEY, plainEnvironment } from '../nginx/running-site.js';

/** A namespace of mounts of its own; others than root need one of users as well. */
const UNSHARE = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
const CANNOT = spawnSync('unshare', [...UNSHARE, 'true']).status !== 0;
const STARTED_MS = 60_000;

t.test('two mounts of one file system are refused at the start', { skip: CANNOT }, async (t) => {
  const folder = t.testdir();
  for (const part of ['disk/store', 'disk/partial', 'data/store', 'data/partial']) {
    mkdirSync(`${folder}/${part}`, { recursive: true });
  }
  const mounts = ['store', 'partial'].map((part) => `mount --bind disk/${part} data/${part} && `).join('');
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [...UNSHARE, 'sh', '-c', `${mounts}exec "$@"`, 'sh', LATCHKEY.file, ...LATCHKEY.args, 'files'],
    {
      cwd: folder,
      env: plainEnvironment({ LATCHKEY_DATA: 'data' }),
      encoding: 'utf8',
      timeout: STARTED_MS,
    },
  );
  t.strictSame([status, stdout], [3, '']);
  t.match(stderr, /^latchkey: .*different file systems.*set LATCHKEY_PARTIAL to a folder beside the root/m);
  t.strictSame(readdirSync(`${folder}/disk/partial`), [], 'the probe is gone');
  t.strictSame(readdirSync(`${folder}/disk/store/files`), []);
});
