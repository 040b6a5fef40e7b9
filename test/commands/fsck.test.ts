/** fsck as a program: what it finds, what it mends, and that it takes no byte from anybody. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { principal } from '../storage/given.js';
import { CASES } from './fsck-cases.js';
import { several } from './program.js';
import { contentOf, recordOf, treeDesk } from './tree-desk.js';

t.test('each finding: told, mended where it can be, and not found again', async (t) => {
  await several(CASES, async (one) => {
    await t.test(one.name, async (t) => {
      const at = await treeDesk(t);
      at.put('/whole', '/zoo');
      await at.record('/whole', '/zoo');
      await one.given(at);
      const first = await at.run('fsck');
      t.same([first.code, first.stderr], [one.code, ''], 'told');
      t.same(told(first.stdout), one.found);
      const before = contentOf(at.files);
      const repaired = await at.run('fsck --repair');
      t.same([repaired.code, repaired.stderr], [one.mendedCode, ''], 'mended');
      t.same(told(repaired.stdout), one.mended);
      const after = contentOf(at.files);
      t.same(
        before.filter((line) => !after.includes(line)),
        [],
        'no file is touched',
      );
      const again = await at.run('fsck --repair');
      t.same(told(again.stdout), one.left, 'a second run mends nothing');
      t.same(contentOf(at.files), after);
    });
  });
});

/** The findings, without what is counted below them. */
function told(stdout: string): readonly string[] {
  const lines = stdout.split('\n');
  return lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('checked: ')),
  );
}

t.test('--repair keeps owners and grants; a file that comes back is not its finder’s', async (t) => {
  const at = await treeDesk(t);
  at.put('/changed', '/gone');
  await at.record('/changed', '/gone');
  await at.run('grant user:bob read /gone');
  rmSync(`${at.files}/gone`);
  writeFileSync(`${at.files}/changed`, 'other');
  const { stdout } = await at.run('fsck --repair');
  t.match(stdout, /\nchecked: 1 files, 2 rows\nproblems left: 0, mended: 2, not known: 0\n$/);
  const [record, ...rest] = await at.records();
  t.same(rest, []);
  t.same([record?.owner, record?.bytes], [principal('user:owner'), 5]);
  t.equal((await at.run('check user:bob read /gone')).code, 0, 'the grant stands');
  t.match((await at.run('fsck')).stdout, /^1 path has grants and is not there .*\n {2}\/gone\n/);
});

t.test('a symlink is no file, and what lies behind one is not there', async (t) => {
  const at = await treeDesk(t);
  at.put('/real/file');
  await at.record('/real/file', '/link/file', '/alias', '/real/file/below');
  symlinkSync('real', `${at.files}/link`);
  symlinkSync('real/file', `${at.files}/alias`);
  const { code, stdout } = await at.run('fsck --repair');
  t.equal(code, 1);
  t.match(stdout, /^3 rows have no file .*\n {2}\/alias .*\n {2}\/link\/file .*\n {2}\/real\/file\/below /);
  t.same(
    (await at.records()).map((record) => record.path),
    ['/real/file'],
  );
});

t.test('of what cannot be read nothing is said, and nothing is dropped: exit 3', async (t) => {
  const at = await treeDesk(t);
  if (statSync(at.dataFolder).uid === 0) return t.comment('the commands work as root, who reads everything');
  at.put('/a', '/closed/one', '/closed/deep/two', '/closed.txt', '/z');
  await at.record('/a', '/closed/one', '/closed/deep/two', '/closed/none', '/closed.txt', '/z');
  await at.run('grant user:bob read /closed/none');
  const records = await at.records();
  rmSync(`${at.files}/z`);
  for (const mode of [0o000, 0o111]) {
    chmodSync(`${at.files}/closed`, mode);
    const { code, stdout } = await at.run('fsck');
    t.equal(code, 3);
    t.match(
      stdout,
      /^1 path could not be read .*\n {2}\/closed\/ {2}\(EACCES\)\n1 row has no file .*\n {2}\/z /,
    );
  }
  const { code } = await at.run('fsck --repair');
  t.equal(code, 3);
  chmodSync(`${at.files}/closed`, 0o755);
  t.same(await at.records(), records.slice(0, -1), 'all but what is known to be gone');
  // A folder that may be listed and not entered: its names are known, its files are not.
  chmodSync(`${at.files}/closed`, 0o444);
  const listed = await at.run('fsck --repair');
  t.equal(listed.code, 3);
  t.match(
    listed.stdout,
    /^3 paths could not be read .*\n {2}\/closed\/deep\/ .*\n {2}\/closed\/one .*\n {2}\/closed\/none\n/,
  );
  t.equal((await at.records()).length, 5);
  chmodSync(`${at.files}/closed`, 0o755);
});

t.test('a disk that is not mounted is not taken for one whose files are gone', async (t) => {
  const at = await treeDesk(t);
  at.put('/a');
  await at.record('/a');
  renameSync(at.files, `${at.dataFolder}/elsewhere`);
  const refused =
    /^latchkey: .*\/store\/files is empty or not there, and the store has files below it: mount .*\n$/;
  for (const words of ['fsck', 'fsck --repair', 'fsck /a/ --repair']) {
    const { code, stdout, stderr } = await at.run(words);
    t.same([code, stdout], [3, ''], words);
    t.match(stderr, refused);
    if (!existsSync(at.files)) mkdirSync(at.files);
  }
  t.equal((await at.records()).length, 1);
  writeFileSync(`${at.files}/any`, '');
  t.equal((await at.run('fsck --repair')).code, 0, 'as it says');
  t.equal((await at.records()).length, 0);
});

t.test('a folder alone, and a fresh data folder', async (t) => {
  const at = await treeDesk(t);
  at.put('/t/a', '/t-/a', '/u/a');
  await at.record('/t', '/t/a', '/t/b', '/t-/b', '/u/b');
  t.same(await at.json('fsck /t/ --repair'), {
    files: 1,
    rows: 2,
    moving: 0,
    problems: 0,
    mended: 1,
    unknown: 0,
    kinds: [{ kind: 'missing', count: 1, mended: 1, findings: [{ what: '/t/b', detail: detail('/t/b') }] }],
  });
  t.same(
    (await at.records()).map((record) => record.path),
    ['/t', '/t-/b', '/t/a', '/u/b'],
  );
  t.match(await at.json('fsck /none/'), { files: 0, rows: 0, problems: 0 });
  rmSync(`${at.dataFolder}/partial`, { recursive: true });
  const { stdout } = await at.run(`fsck --repair --data ${at.folder}/new`);
  t.equal(stdout, 'checked: 0 files, 0 rows\nclean\n');
});

const detail = (name: string) =>
  `${recordOf(name).bytes} bytes of 2023-11-14T22:13:20.000Z, owner user:owner`;

t.test('the first findings of a kind are named, the rest is counted', async (t) => {
  const at = await treeDesk(t);
  at.put('/a');
  await at.record('/a');
  const names = Array.from({ length: 25 }, (_, i) => `/none/${String(i).padStart(2, '0')}`);
  await at.record(...names);
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('  '));
  const usual = lines((await at.run('fsck')).stdout);
  t.same(
    [usual.length, usual.at(-2), usual.at(-1)],
    [21, `  /none/19  (${detail('/none/19')})`, '  … and 5 more'],
  );
  t.equal(lines((await at.run('fsck --lines 0')).stdout)[0], '  … and 25 more');
  t.equal(lines((await at.run('fsck --lines 25')).stdout).length, 25);
  const { kinds } = (await at.json('fsck --lines 2')) as { kinds: { count: number; findings: unknown[] }[] };
  t.same([kinds[0]?.count, kinds[0]?.findings.length], [25, 2]);
});

t.test('wrong usage', async (t) => {
  const { run } = await treeDesk(t);
  const usages = [
    ['fsck /team', 'a folder ends in a slash: /team/'],
    ['fsck team/', "'team/' is no resource path: it does not begin with /"],
    ['fsck / /', 'the usage is: latchkey fsck [FOLDER] [--repair] [--digests] [--lines N]'],
    ['fsck --lines many', "--lines takes a whole number from 0 to 1000000, not 'many'"],
    ['fsck --lines 1000001', "--lines takes a whole number from 0 to 1000000, not '1000001'"],
  ] as const;
  for (const [words, told] of usages) {
    const { code, stdout, stderr } = await run(words);
    t.same([code, stdout], [2, ''], words);
    t.equal(stderr, `latchkey: ${told}\nTry: latchkey fsck --help\n`);
  }
});
