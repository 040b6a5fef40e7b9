/**
 * Which data folder and which store a command works on, that it says what it makes, and whose that is. A forgotten
 * --data at midnight must not answer for another site without a word.
 */

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { desk, latchkey } from './program.js';

const NONE = 'There is no grant on this path, nor on any folder above it.\n';

t.test(
  '--data goes before LATCHKEY_DATA, and that before ./data; global options may stand first',
  async (t) => {
    const folder = t.testdir();
    const env = { LATCHKEY_DATA: `${folder}/of-the-environment` };
    const runs = [
      [['acl', '/'], {}, 'data'],
      [['acl', '/'], env, 'of-the-environment'],
      [['acl', '/', '--data', 'of-the-option'], env, 'of-the-option'],
      [['--data', 'before', 'acl', '/'], env, 'before'],
      [['--data=equals', '--json', 'acl', '/'], env, 'equals'],
      [['acl', '--data', 'first', '--data', 'last', '/'], {}, 'last'],
    ] as const;
    for (const [words, environment, name] of runs) {
      const { code, stderr } = await latchkey(words, { cwd: folder, env: environment });
      t.equal(code, 0, words.join(' '));
      t.equal(stderr.split('\n').at(-2), `latchkey: made a new data folder: ${folder}/${name}`);
      t.ok(existsSync(`${folder}/${name}/latchkey.db`));
    }
    t.notOk(existsSync(`${folder}/first`));
  },
);

t.test('what is made is said, once; the database, too', async (t) => {
  const { run, folder, dataFolder } = await desk(t);
  const told = async (words: string) => {
    const { code, stdout, stderr } = await run(words);
    return [code, stdout, stderr];
  };
  t.same(await told('acl /'), [0, NONE, ''], 'it was there');
  const misspelt = 'acl / --database sqlite:other.db';
  t.same(await told(misspelt), [0, NONE, `latchkey: made a new database: ${dataFolder}/other.db\n`]);
  t.same(await told(misspelt), [0, NONE, '']);
  const [code, , stderr] = await told(`token alice --data ${folder}/new`);
  t.same([code, stderr], [0, `latchkey: made a new data folder: ${folder}/new\n`], 'token makes a secret');
  mkdirSync(`${folder}/empty`);
  const [, , remark] = await told(`acl / --data ${folder}/empty`);
  t.equal(remark, `latchkey: made a new data folder: ${folder}/empty\n`, 'an empty folder is a new one');
});

t.test('what cannot be opened is exit 3, with its name', async (t) => {
  const { run, folder, dataFolder } = await desk(t);
  writeFileSync(`${folder}/file`, '');
  writeFileSync(`${dataFolder}/bad.db`, 'this is a text, and no database\n'.repeat(64));
  const table = [
    [
      '--data file',
      `${folder}/file cannot be the data folder: it is no folder; name another one with --data`,
    ],
    [
      '--data file/x',
      `${folder}/file/x cannot be the data folder: it is no folder; name another one with --data`,
    ],
    [
      '--database sqlite:bad.db',
      `the database ${dataFolder}/bad.db cannot be opened: file is not a database`,
    ],
    [
      '--database sqlite:none/x.db',
      `the database ${dataFolder}/none/x.db cannot be opened: Cannot open database because the directory does not exist`,
    ],
  ] as const;
  for (const [words, message] of table) {
    const expected = { code: 3, signal: null, stdout: '', stderr: `latchkey: ${message}\n` };
    t.same(await run(`check user:bob read /x ${words}`), expected, words);
  }
  writeFileSync(`${dataFolder}/secret`, 'short');
  const { code, stdout, stderr } = await run('token alice');
  t.same([code, stdout], [3, '']);
  t.match(
    stderr,
    /^latchkey: the file 'secret' in the data folder has less than 32 bytes; restore it, or remove/,
  );
});

t.test('the secret is made once, and its owner alone may read it', async (t) => {
  const { run, dataFolder } = await desk(t);
  await Promise.all([run('token alice'), run('token bob'), run('token carol')]);
  const secret = readFileSync(`${dataFolder}/secret`, 'utf8');
  t.match(secret, /^[0-9a-f]{64}$/);
  await run('token dora');
  t.equal(readFileSync(`${dataFolder}/secret`, 'utf8'), secret);
  t.equal(statSync(`${dataFolder}/secret`).mode & 0o777, 0o600);
});

t.test('all that is made belongs to the owner of the folder, and nobody else may look into it', async (t) => {
  const { run, dataFolder } = await desk(t);
  await run('token alice');
  const { uid, gid, mode } = statSync(dataFolder);
  if (process.getuid?.() === 0) t.not(uid, 0, 'started as root, it is an unprivileged account');
  else t.equal(uid, process.getuid?.());
  t.equal(mode & 0o007, 0, 'the folder');
  for (const name of ['latchkey.db', 'secret', 'run', 'store', 'partial']) {
    const found = statSync(`${dataFolder}/${name}`);
    t.same([found.uid, found.gid], [uid, gid], name);
    t.equal(found.mode & 0o027, 0, `the mode of ${name}`);
  }
});
