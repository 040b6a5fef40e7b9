/** backup: one file, whole, of one instant, made while others write; and that a store put back from it is that store. */

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { plainEnvironment, until } from '../nginx/running-site.js';
import { batchesOf, draft } from '../storage/given.js';
import { desk as plainDesk, start } from './program.js';

/** As root a command works as the owner of the data folder, who must be able to write where the backup goes. */
async function desk(t: Test) {
  const made = await plainDesk(t);
  const kept = `${made.folder}/kept`;
  mkdirSync(kept);
  chmodSync(kept, 0o777);
  return { ...made, kept };
}

const MANY = 50_000;
const LIMIT_MS = 30_000;

t.test(
  'a backup made while others write is the store of one instant, and is put back as it was',
  async (t) => {
    const { run, json, folder, kept, dataFolder } = await desk(t);
    const store = openSqliteStore(`${dataFolder}/latchkey.db`);
    t.teardown(() => store.close());
    await store.acl.importGrants(
      batchesOf(Array.from({ length: MANY }, (_, i) => draft(`user:u${i} read /many/${i}`))),
    );
    let [ended, written] = [false, 0];
    const backup = json('backup kept/kept.db').finally(() => {
      ended = true;
    });
    // Both in one transaction each: no instant has one without the other.
    for (; !ended; written++) {
      await store.acl.putGrants([
        draft(`user:a read /pair/${written}`),
        draft(`user:b read /pair/${written}`),
      ]);
      await turn();
    }
    const { revision, bytes } = (await backup) as { revision: number; bytes: number };
    t.ok(written > 0, `${written} pairs were written meanwhile`);
    const made = statSync(`${kept}/kept.db`);
    t.same([made.size, made.mode & 0o777], [bytes, 0o600]);
    t.same(readdirSync(kept), ['kept.db'], 'nothing is left beside it');

    mkdirSync(`${folder}/restored`);
    copyFileSync(`${kept}/kept.db`, `${folder}/restored/latchkey.db`);
    const restored = openSqliteStore(`${folder}/restored/latchkey.db`);
    t.teardown(() => restored.close());
    t.equal(await restored.acl.revision(), revision);
    const counts = { many: 0, a: 0, b: 0 };
    for await (const { path, principal } of restored.acl.allGrants()) {
      if (path.startsWith('/many/')) counts.many += 1;
      else counts[principal === 'user:a' ? 'a' : 'b'] += 1;
    }
    t.same([counts.many, counts.a], [MANY, counts.b]);
    t.equal(revision, 1 + counts.a, 'each pair that was written by then, and none that came later');
    const env = { LATCHKEY_DATA: `${folder}/restored` };
    t.equal((await run('check user:u7 read /many/7', { env })).code, 0);
  },
);

t.test('what is there is not replaced unasked, and stays when the copy fails', async (t) => {
  const { run, kept, dataFolder } = await desk(t);
  writeFileSync(`${kept}/kept.db`, 'yesterday');
  t.same(await run('backup kept/kept.db'), {
    code: 1,
    signal: null,
    stdout: '',
    stderr: `latchkey: ${kept}/kept.db is there already; name another one, or say --replace\n`,
  });
  const intact = readFileSync(`${dataFolder}/latchkey.db`);
  writeFileSync(`${dataFolder}/latchkey.db`, 'no database at all, but for some of these bytes'.repeat(100));
  const failed = await run('backup kept/kept.db --replace');
  t.equal(failed.code, 3);
  t.match(failed.stderr, 'latchkey: the store cannot be copied to ');
  t.equal(readFileSync(`${kept}/kept.db`, 'utf8'), 'yesterday');
  writeFileSync(`${dataFolder}/latchkey.db`, intact);
  t.match(await run('backup kept/kept.db --replace'), {
    code: 0,
    stdout: /^backed up to .*: \d+ bytes, revision 0\n$/,
  });
  t.same(readdirSync(kept), ['kept.db']);
});

t.test(
  'what a backup that was killed has left is removed by the next one, and of one that runs nothing',
  async (t) => {
    const { run, kept, dataFolder } = await desk(t);
    const owner = statSync(dataFolder);
    const program = fileURLToPath(new URL('backup-process.ts', import.meta.url));
    const words = [process.execPath, program, `${kept}/kept.db`] as const;
    const inData = { cwd: dataFolder, env: plainEnvironment({}), uid: owner.uid, gid: owner.gid };
    const running = await start(t, words, /in its middle/, inData);
    const half = [`kept.db.partial-${running.pid}`, `kept.db.partial-${running.pid}-journal`];
    t.equal((await run('backup kept/kept.db')).code, 0, 'beside it');
    t.same(readdirSync(kept), ['kept.db', ...half]);

    const ended = 4_194_305; // no process of Linux has it
    const others = [
      `kept.db.partial-${process.pid}`, // whose process is there, though it is no backup
      'kept.db.partial-1x',
      'kept.db.partial-',
      `other.db.partial-${ended}`,
    ];
    for (const name of [...others, `kept.db.partial-${ended}`]) writeFileSync(`${kept}/${name}`, '');
    mkdirSync(`${kept}/kept.db.partial-${ended}-journal`);
    others.push(`kept.db.partial-${ended}-journal`);
    t.equal((await run('backup kept/kept.db --replace')).code, 0);
    t.same(readdirSync(kept), ['kept.db', ...others, ...half, `kept.db.partial-${ended}`].toSorted());

    await running.stop('SIGKILL');
    // Somebody else may be given its number for a moment: then the next one removes it.
    const found = async () => {
      t.match(await run('backup kept/kept.db --replace'), { code: 0, stderr: '' });
      return readdirSync(kept);
    };
    await until(found, (names) => !half.some((name) => names.includes(name)), LIMIT_MS);
    t.same(readdirSync(kept), ['kept.db', ...others].toSorted());
  },
);

t.test('what the services work with is no place for a backup, whatever is said', async (t) => {
  const { run, folder, dataFolder } = await desk(t);
  const before = statSync(`${dataFolder}/latchkey.db`).ino;
  symlinkSync(dataFolder, `${folder}/also`);
  const beside = ['', '-wal', '-shm', '-counts', '-counts-wal'];
  const names = [...beside.map((ending) => `latchkey.db${ending}`), 'secret', 'link-secret'];
  for (const file of [...names.map((name) => `${dataFolder}/${name}`), `${folder}/also/latchkey.db`]) {
    t.same(await run(['backup', file, '--replace']), {
      code: 1,
      signal: null,
      stdout: '',
      stderr: `latchkey: ${file} is a file that the services work with; name another one\n`,
    });
  }
  t.equal(statSync(`${dataFolder}/latchkey.db`).ino, before);
});

t.test('a place that is none, and a data folder that is none', async (t) => {
  const { run, folder } = await desk(t);
  const nowhere = await run('backup nowhere/kept.db');
  t.equal(nowhere.code, 3);
  t.match(
    nowhere.stderr,
    /ENOENT.*: the copy is made as \S+; name a folder that is there and where it may write\n$/,
  );
  t.same(await run(['backup', 'kept/kept.db', '--data', `${folder}/none`]), {
    code: 3,
    signal: null,
    stdout: '',
    stderr: `latchkey: there is no database ${folder}/none/latchkey.db; name the data folder with --data\n`,
  });
  t.notOk(existsSync(`${folder}/none`));
});
