/**
 * import as a program: all or nothing, whatever stops it. The lines themselves are tested in grant-lines.test.ts.
 */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { LATCHKEY, plainEnvironment, until } from '../nginx/running-site.js';
import { type Desk, desk, resultOf } from './program.js';

const HEADER = 'principal,action,path,effect,notBefore,expiresAt\n';
const OURS = 'user:eve,manage,/ours,allow,,\n';
const BEGUN_MS = 20_000;

function write({ folder }: Desk, name: string, text: string): void {
  writeFileSync(`${folder}/${name}`, text);
}

t.test('CSV and JSON Lines, by file or on standard input', async (t) => {
  const at = await desk(t);
  const { run, json } = at;
  const csv = 'principal,action,path\nuser:a,read,/x\nuser:b,write,/team/\n';
  const lines = '{"principal":"user:c","action":"read","path":"/x","effect":"deny"}\n';
  write(at, 'a.csv', csv);
  write(at, 'a.jsonl', lines);
  const told = /^imported: (\d) added, (\d) replaced, \d+ a second\n$/;
  const runs = [
    ['import a.csv', undefined, 2, 0],
    ['import a.csv', undefined, 0, 2],
    ['import a.jsonl', undefined, 1, 0],
    ['import -', csv, 0, 2],
    ['import -', lines, 0, 1],
    ['import - --format csv', 'principal,action,path\nuser:d,read,/x', 1, 0],
    ['import a.csv --format csv', undefined, 0, 2],
    ['import -', '', 0, 0],
    ['import -', HEADER, 0, 0],
  ] as const;
  for (const [words, stdin, added, replaced] of runs) {
    const { code, stdout, stderr } = await run(words, stdin === undefined ? {} : { stdin });
    t.same([code, stderr], [0, ''], words);
    t.same(told.exec(stdout)?.slice(1), [String(added), String(replaced)], stdout);
  }
  t.match(await json('import a.csv'), { added: 0, replaced: 2, revision: Number, seconds: Number });
  t.equal((await run('check user:c read /x')).stdout, 'deny: user:c deny read /x\n');
});

t.test('a format that is given is not guessed', async (t) => {
  const { run } = await desk(t);
  const { code, stdout, stderr } = await run('import - --format jsonl', { stdin: 'principal,action,path\n' });
  t.same([code, stdout], [1, '']);
  t.equal(stderr, 'latchkey: line 1: it is no JSON\nlatchkey: nothing was written: 1 of 1 lines are bad\n');
});

t.test('a row that comes twice counts once, and the last one stays', async (t) => {
  const { run, json } = await desk(t);
  const stdin = `${HEADER}user:a,read,/x,allow,,\nuser:b,read,/x,,,\nuser:a,read,/x,deny,,\n`;
  t.match(await json('import -', { stdin }), { added: 2, replaced: 1 });
  t.equal((await run('check user:a read /x')).stdout, 'deny: user:a deny read /x\n');
});

t.test('one bad line, and nothing is written; each is named, in order', async (t) => {
  const { run, folder } = await desk(t);
  await run('import -', { stdin: HEADER + OURS });
  const good = Array.from({ length: 5_000 }, (_, i) => `user:u${i},read,/many/${i},allow,,\n`).join('');
  const stdin = `${HEADER}${good}bob,read,/x,,,\n${OURS.replace('allow', 'deny')}user:a,look,/x,,,\nuser:a\n`;
  const told =
    "latchkey: line 5002: 'bob' is no principal: user:NAME, group:NAME, authenticated or anyone\n" +
    "latchkey: line 5004: 'look' is no action: read, write, manage\n" +
    'latchkey: line 5005: the header has 6 fields, and this line 1\n' +
    'latchkey: nothing was written: 3 of 5004 lines are bad\n';
  for (const words of ['import -', 'import - --dry-run', 'import - --json']) {
    t.same(await run(words, { stdin }), { code: 1, signal: null, stdout: '', stderr: told }, words);
  }
  t.equal((await run('export')).stdout, HEADER + OURS, 'what was there is there');
  t.notOk(existsSync(`${folder}/-`));
});

t.test('--dry-run writes nothing, and makes no data folder', async (t) => {
  const { run, folder } = await desk(t);
  const stdin = HEADER + OURS;
  const env = { LATCHKEY_DATA: `${folder}/none` };
  const text = await run('import - --dry-run', { stdin, env });
  const stdout = '1 grants are good; nothing was written (--dry-run)\n';
  t.same(text, { code: 0, signal: null, stdout, stderr: '' });
  const { stdout: json } = await run('import - --dry-run --json', { stdin, env });
  t.same(JSON.parse(json), { rows: 1, dryRun: true });
  t.notOk(existsSync(`${folder}/none`));
  t.equal((await run('export')).stdout, HEADER);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  t.test(`${signal} midway: nothing is written, and the next one may begin at once`, async (t) => {
    const { run, dataFolder } = await desk(t);
    await run('import -', { stdin: HEADER + OURS });
    const child = spawn(LATCHKEY.file, [...LATCHKEY.args, 'import', '-'], {
      env: plainEnvironment({ LATCHKEY_DATA: dataFolder }),
      stdio: 'pipe',
    });
    const ended = resultOf(child);
    child.stdin.on('error', () => undefined); // it is killed with some of it unread
    const rows = Array.from({ length: 20_000 }, (_, i) => `user:u${i},read,/many/${i},allow,,\n`).join('');
    child.stdin.write(HEADER + rows + OURS.replace('allow', 'deny'));
    await until(async () => isWriting(child.pid), Boolean, BEGUN_MS);
    child.kill(signal);
    const { signal: by, stdout } = await ended;
    t.same([by, stdout], [signal, '']);
    t.equal((await run('export')).stdout, HEADER + OURS);
    t.match(
      (await run('import -', { stdin: `${HEADER}${rows}` })).stdout,
      /^imported: 20000 added, 0 replaced/,
    );
  });
}

t.test(
  'on a terminal there is a progress bar, which is taken away again; elsewhere there is none',
  async (t) => {
    const at = await desk(t);
    const rows = Array.from({ length: 20_000 }, (_, i) => `user:u${i},read,/many/${i},allow,,\n`).join('');
    write(at, 'a.csv', HEADER + rows);
    const words = ['import', 'a.csv', '--data', at.dataFolder];
    const command = ['env', '-u', 'NODE_OPTIONS', process.execPath, LATCHKEY.args[3], ...words]
      .map((word) => `'${word}'`)
      .join(' ');
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: at.folder,
      env: plainEnvironment({}),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, stdout } = await resultOf(terminal);
    t.equal(code, 0);
    t.match(stdout, /\r\[#* *\] +\d+ % {2}[\d,]+ rows, [\d,]+ a second, \d+:\d\d left /);
    t.match(stdout, /\r\u001b\[Kimported: 20000 added, 0 replaced, \d+ a second\r\n$/);
    const { stderr } = await at.run('import a.csv');
    t.equal(stderr, '');
  },
);

/** Whether the process holds the lock of SQLite's writers: byte 120 of the -shm file (SQLite, "WAL-mode File Format"). */
function isWriting(pid: number | undefined): boolean {
  const lock = new RegExp(`POSIX +ADVISORY +WRITE ${pid} \\S+ 120 120$`, 'm');
  return lock.test(readFileSync('/proc/locks', 'utf8'));
}
