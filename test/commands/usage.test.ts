/**
 * Wrong usage and wrong configuration: exit 2, one line that says what is wrong, a `Try:` line where the usage is
 * at fault, nothing on standard output, and nothing made on the disk. And the help, of every command.
 */

import { existsSync } from 'node:fs';
import t from 'tap';
import { COMMANDS, isCommandName } from '../../src/commands/catalogue.js';
import { latchkey, several } from './program.js';

const PRINCIPALS = 'user:NAME, group:NAME, authenticated or anyone';
const DURATION = '--for takes a duration such as 90s, 30m, 48h, 7d, 2w';
const TIME = 'takes an ISO 8601 time with a zone, such as 2027-01-31T12:00:00Z';
const ADDRESS = "--listen takes a socket's path or HOST:PORT, with a port from 1 to 65535";
const GRANT = 'grant PRINCIPAL ACTION PATH [--deny] [--for DURATION | --until TIME] [--from TIME]';
const GROUP = 'group add GROUP USER | remove GROUP USER | list [GROUP]';
const KEY = 'key create USER [--action A] [--path PATH] [--for 90d] [--note TEXT] | list [USER] | revoke ID';
const IMPORT = 'import FILE|- [--format csv|jsonl] [--dry-run]';

/** Words, the message, and whose --help the `Try:` line names (else the first word's). */
const WRONG: readonly (readonly [words: string, message: string, tried?: ''])[] = [
  ['grnat user:bob read /x', "there is no command 'grnat'", ''],
  ['constructor', "there is no command 'constructor'", ''],
  ['--bogus', "unknown option '--bogus'", ''],
  ['--json', 'a command is missing', ''],
  ['--data', "option '--data <value>' argument missing", ''],
  ['grant --data', "option '--data <value>' argument missing"],
  ['grant user:bob read /x --data --json', "option '--data' argument is ambiguous"],
  ['grant', `the usage is: latchkey ${GRANT}`],
  ['grant user:bob read', `the usage is: latchkey ${GRANT}`],
  ['grant user:bob read /x /y', `the usage is: latchkey ${GRANT}`],
  ['grant user:bob read /x --bogus', "unknown option '--bogus'"],
  ['grant user:bob read /x -x', "unknown option '-x'"],
  ['grant user:bob read /x --deny=yes', "option '--deny' does not take an argument"],
  ['grant bob read /x', `'bob' is no principal: ${PRINCIPALS}`],
  ['grant user: read /x', `'user:' is no principal: ${PRINCIPALS}`],
  ['grant user:bob look /x', "'look' is no action: read, write, manage"],
  ['grant user:bob read x', "'x' is no resource path: it does not begin with /"],
  ['grant user:bob read /a//b', "'/a//b' is no resource path: it holds an empty segment (//)"],
  ['grant user:bob read /../b', "'/../b' is no resource path: it holds a segment '..'"],
  ['grant user:bob read /\u001b[31m', "'/\\u001b[31m' is no resource path: it holds a control character"],
  ['grant user:bob read /x --for', "option '--for <value>' argument missing"],
  ['grant user:bob read /x --for 1y', `${DURATION}, not '1y'`],
  ['grant user:bob read /x --for 0s', `${DURATION}, not '0s'`],
  ['grant user:bob read /x --for=-1h', `${DURATION}, not '-1h'`],
  [
    'grant user:bob read /x --for 14500000w',
    '--for 14500000w ends after the year 9999; without it there is no end',
  ],
  ['grant user:bob read /x --until tomorrow', `--until ${TIME}, not 'tomorrow'`],
  ['grant user:bob read /x --until 2027-01-31T12:00', `--until ${TIME}, not '2027-01-31T12:00'`],
  ['grant user:bob read /x --from 2027-02-30', `--from ${TIME}, not '2027-02-30'`],
  ['grant user:bob read /x --for 1h --until 2027-01-31', '--for and --until exclude each other'],
  [
    'grant user:bob read /x --from 2027-02-01 --until 2027-01-31',
    '--from and the end do not fit: it ends before it begins',
  ],
  ['revoke user:bob', 'the usage is: latchkey revoke PRINCIPAL PATH [ACTION] [--deny]'],
  ['revoke user:bob /x look', "'look' is no action: read, write, manage"],
  ['acl', 'the usage is: latchkey acl PATH'],
  ['acl x', "'x' is no resource path: it does not begin with /"],
  ['check user:bob read', 'the usage is: latchkey check PRINCIPAL ACTION PATH [--group NAME]…'],
  [
    'check user:bob read /x --group user:a',
    "'user:a' is no group; should a group have that name, write group:user:a",
  ],
  ['explain bob read /x', `'bob' is no principal: ${PRINCIPALS}`],
  ['who-can read', 'the usage is: latchkey who-can ACTION PATH'],
  ['what-can', 'the usage is: latchkey what-can PRINCIPAL [--group NAME]…'],
  ['group', `the usage is: latchkey ${GROUP}`],
  ['group add eng', `the usage is: latchkey ${GROUP}`],
  ['group list eng ops', `the usage is: latchkey ${GROUP}`],
  ['group list --no-wait', 'group list takes no --no-wait'],
  ['key list --no-wait', 'key list takes no --no-wait'],
  ['key create ci --no-wait', 'key create takes no --no-wait'],
  ['group rename eng ops', `the usage is: latchkey ${GROUP}`],
  ['group add user:eng alice', "'user:eng' is no group; should a group have that name, write group:user:eng"],
  ['group add eng group:ops', "'group:ops' is no user; should a user have that name, write user:group:ops"],
  ['suspend group:eng', "'group:eng' is no user; should a user have that name, write user:group:eng"],
  ['suspend anyone', "'anyone' is no user; should a user have that name, write user:anyone"],
  ['resume', 'the usage is: latchkey resume USER'],
  ['token', 'the usage is: latchkey token USER [--group NAME]… [--for DURATION]'],
  ['token alice --for soon', `${DURATION}, not 'soon'`],
  [`token ${'x'.repeat(300)}`, `'${'x'.repeat(300)}' cannot be a user's name`],
  ['key', `the usage is: latchkey ${KEY}`],
  ['key create', `the usage is: latchkey ${KEY}`],
  ['key revoke', `the usage is: latchkey ${KEY}`],
  ['key rename a1', `the usage is: latchkey ${KEY}`],
  ['key list bob --action read', `the usage is: latchkey ${KEY}`],
  ['key revoke a1 --for 1h', `the usage is: latchkey ${KEY}`],
  ['key create group:eng', "'group:eng' is no user; should a user have that name, write user:group:eng"],
  ['key list group:eng', "'group:eng' is no user; should a user have that name, write user:group:eng"],
  ['key create bob --action look', "'look' is no action: read, write, manage"],
  ['key create bob --path team', "'team' is no resource path: it does not begin with /"],
  ['key create bob --for 1y', `${DURATION}, not '1y'`],
  ['key create bob --for 14500000w', '--for 14500000w ends after the year 9999; without it there is no end'],
  ['key create bob --note a\nb', '--note takes one line of text, without control characters'],
  ['key create bob --note \u001b[31m', '--note takes one line of text, without control characters'],
  [`key create bob --note ${'x'.repeat(201)}`, '--note takes at most 200 characters, not 201'],
  ['import', `the usage is: latchkey ${IMPORT}`],
  ['import a.csv b.csv', `the usage is: latchkey ${IMPORT}`],
  ['import a.csv --format xml', "--format takes csv or jsonl, not 'xml'"],
  ['import none.csv', "none.csv cannot be read: ENOENT: no such file or directory, open 'none.csv'"],
  ['import .', '. cannot be read: it is a folder'],
  ['import . --format csv', '. cannot be read: it is a folder'],
  ['export file.csv', 'the usage is: latchkey export [--format csv|jsonl]'],
  ['export --format xml', "--format takes csv or jsonl, not 'xml'"],
  ['up now', 'the usage is: latchkey up [--port PORT] [--host HOST] [--workers N] [--no-nginx]'],
  ['up --port 0', "--port takes a number from 1 to 65535, not '0'"],
  ['up --port 65536', "--port takes a number from 1 to 65535, not '65536'"],
  ['up --port http', "--port takes a number from 1 to 65535, not 'http'"],
  ['up --host a;b', "--host takes an address or a name of this machine, not 'a;b'"],
  ['up --workers 0', "--workers takes a whole number from 1 to 64, not '0'"],
  ['up --workers 65', "--workers takes a whole number from 1 to 64, not '65'"],
  ['authorizer --workers 2 --listen run/a.sock', '--workers and --listen exclude each other'],
  ['authorizer --listen 127.0.0.1:99999', `${ADDRESS}, not '127.0.0.1:99999'`],
  ['authorizer --listen localhost:', `${ADDRESS}, not 'localhost:'`],
  ['files --listen 127.0.0.1:0', `${ADDRESS}, not '127.0.0.1:0'`],
  ['nginx now', 'the usage is: latchkey nginx [--root DIR] [--mount PREFIX] [--workers N]'],
  ['nginx --workers none', "--workers takes a whole number from 1 to 64, not 'none'"],
  ['config now', 'the usage is: latchkey config'],
];

t.test('wrong usage is told in one line, before the data folder is made', async (t) => {
  const folder = t.testdir();
  await several(WRONG, async ([words, message, tried]) => {
    const { code, stdout, stderr } = await latchkey(words.split(' '), {
      cwd: folder,
      env: { LATCHKEY_DATA: `${folder}/data` },
    });
    const help = tried === '' ? 'latchkey --help' : `latchkey ${words.split(' ')[0]} --help`;
    t.same([code, stdout, stderr], [2, '', `latchkey: ${message}\nTry: ${help}\n`], words.slice(0, 80));
  });
  t.notOk(existsSync(`${folder}/data`), 'no data folder');
});

t.test('a wrong configuration is told whole, by every command and before anything is made', async (t) => {
  const folder = t.testdir();
  const env = { LATCHKEY_DATA: `${folder}/data`, LATCHKEY_MUONT: '/media/', LATCHKEY_LOG_LEVEL: 'loud' };
  const told = [
    "latchkey: LATCHKEY_MUONT is not a setting of this version: 'latchkey config --help' lists them\n",
    "latchkey: LATCHKEY_LOG_LEVEL takes trace, debug, info, warn, error, fatal, silent, not 'loud'\n",
  ];
  const runs = [
    'acl /',
    'grant user:bob read /x',
    'config',
    'nginx',
    'up',
    'files',
    'authorizer',
    'token alice',
    'key create alice',
  ];
  await several(runs, async (words) => {
    const { code, stdout, stderr } = await latchkey(words.split(' '), { env });
    t.same([code, stdout, stderr], [2, '', told.join('')], words);
  });
  const options = await latchkey(['acl', '/', '--database', 'mysql://x'], { cwd: folder });
  t.same([options.code, options.stdout], [2, '']);
  t.match(
    options.stderr,
    /^latchkey: LATCHKEY_DATABASE_URL takes sqlite:FILE/,
    'an option is a setting, too',
  );
  t.notOk(existsSync(`${folder}/data`), 'no data folder');
});

t.test('every command explains itself, with each of its options, whatever the configuration', async (t) => {
  const names = Object.keys(COMMANDS).filter(isCommandName);
  const folder = t.testdir();
  await several(names, async (name) => {
    const { usage, summary, details = [], options = {} } = await COMMANDS[name].load();
    const env = { LATCHKEY_MUONT: '/media/' };
    const { code, stdout, stderr } = await latchkey([name, '--help'], { cwd: folder, env });
    t.same([code, stderr], [0, ''], name);
    const [first, blank, third] = stdout.split('\n');
    t.same([first, blank, third], [`Usage: latchkey ${name} ${usage}`.trimEnd(), '', summary]);
    const listed = [...stdout.matchAll(/^ {2}--(\S+)[^\n]*? {2,}\S/gm)].map(([, option]) => option);
    t.same(
      listed,
      [...Object.keys(options), 'data', 'database', 'json', 'help'],
      `${name} lists each option`,
    );
    // Of a command of many verbs, the usage is in the text below it.
    const used = [usage, ...details].join('\n');
    for (const option of Object.keys(options)) t.match(used, `--${option}`, `--${option} is in the usage`);
    t.match(
      stdout,
      /^Exit codes: 0 done or allowed, 1 refused or denied, 2 wrong usage or configuration, 3 it/m,
    );
    for (const line of stdout.split('\n')) t.ok(line.length <= 110, line);
  });
});

t.test('the help without a command lists every command; -h and --help are the same', async (t) => {
  const [bare, long, short, version] = await Promise.all([
    latchkey([]),
    latchkey(['--help']),
    latchkey(['-h']),
    latchkey(['--version']),
  ]);
  t.same([bare.code, bare.stderr], [0, '']);
  t.same([long, short], [bare, bare]);
  const listed = [...bare.stdout.matchAll(/^ {2}([a-z][a-z-]*) {2,}\S/gm)].map(([, name]) => name);
  t.same(listed, Object.keys(COMMANDS));
  t.same([version.code, version.stderr], [0, '']);
  t.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});
