/**
 * Every setting with values that it takes and values that it refuses; every problem at once; what counts as not
 * given; and what `latchkey config` shows, which is never a secret.
 */

import { writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ConfigError, loadConfig } from '../src/config.js';
import { effectiveSettings, settingHelp } from '../src/settings/effective-settings.js';
import { type Environment, withAbsoluteFiles } from '../src/settings/environment.js';
import { NEEDED, PREFIX, SECRET, SETTINGS } from './setting-cases.js';

t.test('the table has every setting', async (t) => {
  t.same(
    settingHelp()
      .map(([name]) => name)
      .filter((name) => !name.endsWith('_FILE') || name in SETTINGS),
    Object.keys(SETTINGS),
  );
});

for (const [name, { read, initial, good, bad, beside }] of Object.entries(SETTINGS)) {
  t.test(name, async (t) => {
    if (beside === undefined) t.same(read(loadConfig({})), initial, 'not given');
    if (name !== 'LATCHKEY_HOME')
      t.same(read(loadConfig({ ...beside, [name]: '' })), initial, 'empty is not given');
    for (const [text, value] of Object.entries(good)) {
      t.same(read(loadConfig({ ...beside, [name]: text })), value, `takes '${text}'`);
    }
    for (const [text, problem] of Object.entries(bad)) {
      t.same(problemsOf({ ...beside, [name]: text }), [`${name} ${problem}`], `refuses '${text}'`);
    }
  });
}

t.test('every problem is reported at once, misspelt names first', async (t) => {
  const env = {
    LATCHKEY_JWT_SECRETS: SECRET,
    LATCHKEY_MOUNT: 'media',
    LATCHKEY_JWT_SECRET: 'short',
    latchkey_data: 'another name, and not ours',
    LATCHKEY_DATA_FILE: '/x',
  };
  t.same(problemsOf(env), [
    "LATCHKEY_JWT_SECRETS is not a setting of this version: 'latchkey config --help' lists them",
    "LATCHKEY_DATA_FILE is not a setting of this version: 'latchkey config --help' lists them",
    `LATCHKEY_MOUNT ${PREFIX}, not 'media'`,
    `LATCHKEY_JWT_SECRET has 5 bytes; ${NEEDED}`,
  ]);
});

t.test('a secret may come from a file', async (t) => {
  const { file, folder } = secretFile(t, `${SECRET}\n`);
  const secretOf = (env: Environment) => loadConfig(env).tokens.secrets?.[0]?.secret;
  t.equal(secretOf({ LATCHKEY_JWT_SECRET_FILE: file }), SECRET, 'without its last newline');
  t.equal(
    secretOf({ LATCHKEY_JWT_SECRET_FILE: file, LATCHKEY_JWT_SECRET: '' }),
    SECRET,
    'beside an empty one',
  );
  t.equal(secretOf({ LATCHKEY_JWT_SECRET_FILE: '' }), undefined, 'an empty name is no file');
  const refused = [
    [
      { LATCHKEY_JWT_SECRET_FILE: file, LATCHKEY_JWT_SECRET: SECRET },
      'and LATCHKEY_JWT_SECRET_FILE exclude each other',
    ],
    [{ LATCHKEY_JWT_SECRET_FILE: '/dev/null' }, `holds no secret`],
    [
      { LATCHKEY_JWT_SECRET_FILE: `${folder}/none` },
      `cannot be read from ${folder}/none: ENOENT: no such file or directory, open '${folder}/none'`,
    ],
  ] as const;
  for (const [env, problem] of refused) t.same(problemsOf(env), [`LATCHKEY_JWT_SECRET ${problem}`]);
});

t.test('the file of a secret is named from where the program was started', async (t) => {
  const file = 'LATCHKEY_JWT_SECRET_FILE';
  const given = { [file]: 'secret.txt', LATCHKEY_DATA: 'data' };
  t.same(withAbsoluteFiles(given), { ...given, [file]: `${process.cwd()}/secret.txt` });
  for (const env of [{}, { [file]: '' }, { [file]: '/etc/secret' }]) t.same(withAbsoluteFiles(env), env);
});

/** With what is seen of each. */
const DATABASES = [
  ['postgres://me@host/db?schema=a', 'postgres://me@host/db?schema=a'],
  ['postgres://me:hush@host:5433/db', 'postgres://me:********@host:5433/db'],
  ['postgres://me:hush@/db?host=/run', 'postgres://me:********@/db?host=/run'],
  ['postgres://me@host/db?password=hush', 'postgres://me@host/db?password=********'],
  ['postgres://me:hu/sh@host/db', 'postgres://…'],
  ...['/', '?', '#'].map((odd) => [`postgres://me:12${odd}sh@host/db`, 'postgres://…'] as const),
] as const;

t.test('what is shown is what is in force, and from where; never a secret', async (t) => {
  const { file } = secretFile(t, SECRET);
  const shown = (env: Environment, name: string) => {
    const setting = effectiveSettings(env).find((each) => each.name === name);
    return [setting?.value, setting?.source];
  };
  const table = [
    ['LATCHKEY_MOUNT', {}, '/files/', 'default'],
    ['LATCHKEY_MOUNT', { LATCHKEY_MOUNT: '' }, '/files/', 'default'],
    ['LATCHKEY_MOUNT', { LATCHKEY_MOUNT: '/media/' }, '/media/', 'environment'],
    ['LATCHKEY_HOME', {}, '/users/{user}/', 'default'],
    ['LATCHKEY_HOME', { LATCHKEY_HOME: '' }, '', 'environment'],
    ['LATCHKEY_DATABASE_URL', {}, 'sqlite:latchkey.db', 'default'],
    ['LATCHKEY_DATABASE_URL', { LATCHKEY_DATABASE_URL: 'sqlite:x.db' }, 'sqlite:x.db', 'environment'],
    ...DATABASES.map(
      ([url, seen]) =>
        ['LATCHKEY_DATABASE_URL', { LATCHKEY_DATABASE_URL: url }, seen, 'environment'] as const,
    ),
    ['LATCHKEY_DATABASE_URL', { LATCHKEY_DATABASE_URL_FILE: file }, '********', 'file'],
    ['LATCHKEY_JWT_SECRET', {}, '', 'default'],
    ['LATCHKEY_JWT_SECRET', { LATCHKEY_JWT_SECRET: SECRET }, '********', 'environment'],
    ['LATCHKEY_JWT_SECRET', { LATCHKEY_JWT_SECRET_FILE: file }, '********', 'file'],
    ['LATCHKEY_JWT_SECRET', { LATCHKEY_JWT_SECRET: '', LATCHKEY_JWT_SECRET_FILE: file }, '********', 'file'],
  ] as const;
  for (const [name, env, value, source] of table) {
    t.same(shown(env, name), [value, source], `${name} of ${JSON.stringify(env)}`);
  }
});

t.test('what settings of links say against each other is a problem', async (t) => {
  t.same(problemsOf({ LATCHKEY_LINK_LIFETIME: '8d', LATCHKEY_LINK_LIFETIME_MAX: '7d' }), [
    'LATCHKEY_LINK_LIFETIME is longer than LATCHKEY_LINK_LIFETIME_MAX: a link would end before',
  ]);
  t.same(problemsOf({ LATCHKEY_LINK_LIFETIME: '8d', LATCHKEY_LINK_LIFETIME_MAX: '8d' }), []);
  t.same(problemsOf({ LATCHKEY_LINK_PREFIX: '/files/s/' }), [
    'LATCHKEY_LINK_PREFIX is below LATCHKEY_MOUNT, where the private files are: name another one',
  ]);
});

t.test('one scan says yes, not two', async (t) => {
  const both = { LATCHKEY_SCAN_COMMAND: '/scan', LATCHKEY_SCAN_URL: 'http://127.0.0.1/' };
  t.same(problemsOf(both), [
    'LATCHKEY_SCAN_COMMAND and LATCHKEY_SCAN_URL exclude each other: one of them says yes',
  ]);
});

t.test('the configuration is frozen', async (t) => {
  const config = loadConfig({});
  t.ok(Object.isFrozen(config) && Object.isFrozen(config.download));
});

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function secretFile(t: Test, text: string) {
  const folder = t.testdir();
  const file = `${folder}/secret.txt`;
  writeFileSync(file, text);
  return { file, folder };
}

t.test(
  'types that are allowed and refused at once are told, and a part of them may be refused',
  async (t) => {
    const said = 'LATCHKEY_UPLOAD_TYPES, _REFUSED and _BY_FOLDER contradict each other: ';
    const types = (allowed: string, refused: string, byFolder: string) =>
      problemsOf({
        LATCHKEY_UPLOAD_TYPES: allowed,
        LATCHKEY_UPLOAD_TYPES_REFUSED: refused,
        LATCHKEY_UPLOAD_TYPES_BY_FOLDER: byFolder,
      }).map((problem) => (problem.startsWith(said) ? problem.slice(said.length) : problem));
    t.strictSame(types('image/*', 'image/svg+xml', '/a/=text/*,!text/html;/a/b/=*'), []);
    t.strictSame(types('image/png', 'image/*', '/a/=image/*;/b/=text/html,!text/*;/a/=*'), [
      'image/png is allowed, and refused',
      'image/* is allowed in /a/, and refused everywhere',
      'text/html is allowed in /b/, and refused',
      '/a/ is named twice',
    ]);
  },
);
