/**
 * Dockerfile, compose.yaml and nginx.conf name the same paths, commands, settings and versions as the program: there
 * is no Docker on the machines that run the tests, and these are what drifts.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { isCommandName } from '../src/commands/catalogue.js';
import { loadConfig } from '../src/config.js';
import { RAW_FOLDER, RawUploads } from '../src/uploads/raw-uploads.js';
import { StorageRoot } from '../src/uploads/storage-root.js';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const DOCKERFILE = read('Dockerfile');
const COMPOSE = read('compose.yaml')
  .replace(/^ *#.*$/gm, '')
  .replace(/\$\{(\w+):-\}/g, ''); // as where nobody gives it
const NGINX = read('nginx.conf');

/** The first group of every match. */
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

const settings = Object.fromEntries(
  [DOCKERFILE, COMPOSE].flatMap((text) =>
    [...text.matchAll(/\b(LATCHKEY_\w+)(?:=|: )(\S+)/g)].map(([, name = '', value]) => [name, value]),
  ),
);

t.test('the settings are known, and good', async (t) => {
  t.ok(Object.keys(settings).length >= 1);
  t.doesNotThrow(() => loadConfig(settings));
});

t.test('every path of nginx.conf and compose.yaml is in the data folder', async (t) => {
  const { dataFolder } = loadConfig(settings);
  for (const path of [...all(NGINX, /(\/srv\/[^\s;]+)/g), ...all(COMPOSE, /(\/srv\/[\w/.-]+)/g)]) {
    t.ok(path.startsWith(dataFolder), path);
  }
});

t.test(
  'uploads are renamed within one mount, of which nginx sees the files and its own uploads alone',
  async (t) => {
    const { root, mount, partialFolder } = loadConfig(settings);
    t.same(all(COMPOSE, /- data:(\S+)/g), ['/srv/latchkey', '/srv/latchkey'], 'whole, for both services');
    t.match(COMPOSE, /target: \/srv\/latchkey\/store\n +read_only: true\n +volume: \{ subpath: store \}/);
    const written = all(NGINX, /client_body_temp_path +(\/srv\/latchkey\/partial\/\S+);/g);
    t.same(
      written,
      [`/srv/latchkey/${partialFolder}/${RAW_FOLDER}`],
      'where it writes uploads is a folder of theirs',
    );
    t.match(COMPOSE, `target: ${written[0]}\n        volume: { subpath: ${partialFolder}/${RAW_FOLDER} }`);
    t.match(DOCKERFILE, `/srv/latchkey/${partialFolder}/${RAW_FOLDER}\n`, 'and a new volume has it');
    const folder = t.testdir();
    const folders = { root: `${folder}/${root}`, mount, partialFolder: `${folder}/${partialFolder}` };
    const storage = new StorageRoot(folders);
    await t.resolves(storage.prepare(), 'the files service takes these folders');
    await t.resolves(new RawUploads(folders.partialFolder, storage).prepare(), "and nginx's in them");
  },
);

t.test('the commands exist, and each is healthy by a socket that nginx asks', async (t) => {
  const commands = [...all(COMPOSE, /command: \[(\w+)\]/g), ...all(DOCKERFILE, /CMD \["(\w+)"\]/g)];
  t.same([...new Set(commands)].sort(), ['authorizer', 'files']);
  t.ok(commands.every(isCommandName));
  const sockets = [...all(COMPOSE, /test: .* (\S+\.sock)\]/g), ...all(DOCKERFILE, /"(\S+\.sock)"/g)];
  const asked = [NGINX, NGINX.replace('authorizer-1.sock', 'authorizer-2.sock')];
  t.same(
    [...new Set(sockets)].sort(),
    [...new Set(asked.flatMap((text) => all(text, /unix:(\S+)/g)))].sort(),
  );
});

t.test('the port that is published is the one that nginx listens on', async (t) => {
  t.same([...new Set(all(COMPOSE, /- '\d+:(\d+)'/g))], all(NGINX, /listen +(\d+);/g));
});

t.test('the second nginx of a fleet asks the second authorizer, and is otherwise the first', async (t) => {
  const [script = ''] = all(COMPOSE, /sed '([^']+)' \/etc\/nginx\/nginx\.conf/g);
  const made = execFileSync('sed', [script], { input: NGINX, encoding: 'utf8' }).split('\n');
  const changed = NGINX.split('\n').flatMap((line, i) => (made[i] === line ? [] : [made[i]?.trim()]));
  t.strictSame(changed, [
    'pid              /srv/latchkey/run/nginx-2.pid;',
    'server unix:/srv/latchkey/run/authorizer-2.sock max_fails=0;',
  ]);
  t.match(COMPOSE, 'command: [authorizer, --listen, run/authorizer-2.sock]');
  const urls = Object.fromEntries(
    all(read('compose.yaml'), /^# +export (.+)$/gm)
      .flatMap((line) => line.split(' '))
      .map((word) => word.split('=')),
  );
  const { database, redis } = loadConfig({ ...settings, ...urls });
  t.equal(database.kind, 'postgres');
  t.equal(redis === undefined, false);
  for (const host of ['postgres', 'redis']) t.match(COMPOSE, `\n  ${host}:\n    image: ${host}:`);
});

t.test('what is copied is there, and is not kept out of the build', async (t) => {
  const ignore = read('.dockerignore');
  const copied = all(DOCKERFILE, /^COPY (?!--from)(.+) \S+$/gm).flatMap((names) => names.split(' '));
  t.ok(copied.length >= 6);
  for (const name of copied) {
    t.ok(existsSync(new URL(`../${name}`, import.meta.url)), `${name} is there`);
    t.ok(ignore.includes(`\n!${name}\n`), `${name} is let through`);
  }
});

t.test('the image has the Node that the tests run on', async (t) => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { version: string }> };
  const [major, minor] = lock.packages['node_modules/node']?.version.split('.') ?? [];
  t.same([...new Set(all(DOCKERFILE, /^FROM (\S+)/gm))], [`node:${major}.${minor}-slim`]);
});
