/**
 * Dockerfile, compose.yaml and nginx.conf name the same paths, commands, settings and versions as the program: there
 * is no Docker on the machines that run the tests, and these are what drifts.
 */

import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { isCommandName } from '../src/commands/catalogue.js';
import { loadConfig } from '../src/config.js';
import { RAW_FOLDER, RawUploads } from '../src/uploads/raw-uploads.js';
import { StorageRoot } from '../src/uploads/storage-root.js';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const DOCKERFILE = read('Dockerfile');
const COMPOSE = read('compose.yaml').replace(/^ *#.*$/gm, '');
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
  const sockets = [...all(COMPOSE, /(\S+\.sock)/g), ...all(DOCKERFILE, /"(\S+\.sock)"/g)];
  t.same([...new Set(sockets)].sort(), all(NGINX, /unix:(\S+)/g).sort());
});

t.test('the port that is published is the one that nginx listens on', async (t) => {
  t.same(all(COMPOSE, /- '\d+:(\d+)'/g), all(NGINX, /listen +(\d+);/g));
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
