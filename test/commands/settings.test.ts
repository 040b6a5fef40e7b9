/**
 * config and nginx: two commands that open nothing. What they print is pasted into other files, so it is compared
 * with what the program itself goes by.
 */

import { existsSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { settingHelp } from '../../src/settings/effective-settings.js';
import { latchkey } from './program.js';

const SECRET = 'a secret of at least 32 bytes, here';

t.test('config prints every setting with its value and its source, and masks the secret', async (t) => {
  const folder = t.testdir();
  const file = `${folder}/secret.txt`;
  writeFileSync(file, SECRET);
  const env = {
    LATCHKEY_MOUNT: '/media/',
    LATCHKEY_HOME: '',
    LATCHKEY_ROOT: '',
    LATCHKEY_JWT_SECRET_FILE: 'secret.txt',
  };
  const [text, json] = await Promise.all([
    latchkey(['config', '--data', 'here'], { cwd: folder, env }),
    latchkey(['config', '--data', 'here', '--json'], { cwd: folder, env }),
  ]);
  t.same([text.code, text.stderr, json.code, json.stderr], [0, '', 0, '']);
  const { settings } = JSON.parse(json.stdout) as {
    settings: { name: string; value: string; source: string; help: string }[];
  };
  const names = settingHelp().map(([name]) => name);
  t.same(
    settings.map(({ name }) => name),
    names.filter((name) => !/_(SECRET|DATABASE_URL|REDIS_URL)_FILE$/.test(name)),
  );
  const shown = Object.fromEntries(settings.map(({ name, value, source }) => [name, `${value} (${source})`]));
  t.match(shown, {
    LATCHKEY_DATA: 'here (environment)',
    LATCHKEY_ROOT: ' (default)',
    LATCHKEY_MOUNT: '/media/ (environment)',
    LATCHKEY_JWT_SECRET: '******** (file)',
    LATCHKEY_HOME: ' (environment)',
    LATCHKEY_LOG_LEVEL: 'info (default)',
  });
  const [head, ...lines] = text.stdout.trimEnd().split('\n');
  t.match(head, /^setting +value +from +what it is$/);
  for (const [i, { name, value, source, help }] of settings.entries()) {
    t.same(
      lines[i]?.split(/ {2,}/),
      [name, value, source, help].filter((cell) => cell !== ''),
      name,
    );
  }
  const given = await latchkey(['config'], { env: { LATCHKEY_JWT_SECRET: SECRET } });
  for (const { stdout } of [text, json, given]) t.notOk(stdout.includes(SECRET), 'no secret');
  t.notOk(existsSync(`${folder}/here`), 'and nothing is made');
});

t.test("config's help lists the settings even where the configuration is wrong", async (t) => {
  const { code, stdout } = await latchkey(['config', '--help'], { env: { LATCHKEY_MUONT: '/media/' } });
  t.equal(code, 0);
  const unwrapped = stdout.replace(/\s+/g, ' ');
  for (const [name, help] of settingHelp()) t.ok(unwrapped.includes(` ${name} ${help} `), name);
});

t.test('nginx names the sockets of as many authorizers as will run', async (t) => {
  const folder = t.testdir();
  const { code, stdout, stderr } = await latchkey(['nginx', '--workers', '3'], { cwd: folder });
  t.same([code, stderr], [0, '']);
  const sockets = [...stdout.matchAll(/server unix:.*\/run\/(authorizer-\d)\.sock max_fails=0;/g)];
  t.same(
    sockets.map(([, name]) => name),
    ['authorizer-1', 'authorizer-2', 'authorizer-3'],
  );
  t.match(stdout, "\n# latchkey authorizer --workers 3 & latchkey files, as the user of nginx's workers\n");
});

t.test('nginx prints the lines with the root, the mount and the sockets in their places', async (t) => {
  const folder = t.testdir();
  const words = ['nginx', '--root', '/srv/my site', '--mount', '/media/', '--data', 'here'];
  const [text, json, other, beside] = await Promise.all([
    latchkey(words, { cwd: folder }),
    latchkey([...words, '--json'], { cwd: folder }),
    latchkey(['nginx'], { cwd: folder, env: { LATCHKEY_UPLOAD_BYTES_MAX: '5m' } }),
    latchkey(words, { cwd: folder, env: { LATCHKEY_PARTIAL: '/srv/my partial' } }),
  ]);
  t.same([text.code, text.stderr, json.code, json.stderr], [0, '', 0, '']);
  const { http, server, ...rest } = JSON.parse(json.stdout) as Record<string, string>;
  t.same(rest, { root: '/srv/my site', mount: '/media/' });
  t.equal(
    text.stdout,
    [
      `# Services: LATCHKEY_DATA='${folder}/here' LATCHKEY_ROOT='/srv/my site' LATCHKEY_MOUNT='/media/'`,
      "# latchkey authorizer & latchkey files, as the user of nginx's workers",
      '',
      '# ---- into the http block ----',
      http,
      '',
      '# ---- into the server block, in place of the location that serves these files now ----',
      server,
      '',
    ].join('\n'),
  );
  t.match(http, `server unix:${folder}/here/run/authorizer-1.sock max_fails=0;`);
  t.match(server, /^location \^~ \/media\/ \{$/m);
  t.match(server, /^ {4}root +"\/srv\/my site";/m);
  t.match(server, /^ {4}alias +"\/srv\/my site\/";/m);
  t.match(server, new RegExp(`^ {4}client_body_temp_path +${folder}/here/partial/nginx;`, 'm'));
  t.match(beside.stdout, /^# Services: .* LATCHKEY_PARTIAL='\/srv\/my partial'$/m);
  t.match(beside.stdout, /^ {4}client_body_temp_path +"\/srv\/my partial\/nginx";/m);
  t.match(other.stdout, /client_max_body_size 5242880;/);
  t.match(other.stdout, new RegExp(`root +${folder}/data/store;`), 'without options: its own');
  t.notOk(existsSync(`${folder}/here`) || existsSync(`${folder}/data`), 'and nothing is made');
  const bad = await latchkey(['nginx', '--root', 'site', '--mount', 'media'], { cwd: folder });
  t.same([bad.code, bad.stdout], [2, '']);
  t.match(
    bad.stderr,
    /^latchkey: LATCHKEY_ROOT takes an absolute path, not 'site'\nlatchkey: LATCHKEY_MOUNT takes/,
  );
});

t.test(
  'a proxy’s headers without a proof are refused by every command, before anything starts',
  async (t) => {
    const folder = t.testdir();
    const env = { LATCHKEY_DATA: `${folder}/data`, LATCHKEY_PROXY_USER_HEADER: 'Remote-User' };
    const told =
      'latchkey: LATCHKEY_PROXY_USER_HEADER needs LATCHKEY_PROXY_SECRET or LATCHKEY_PROXY_ADDRESSES: without a proof any client could send the header\n';
    for (const words of ['up', 'authorizer', 'files', 'nginx', 'config']) {
      const { code, stdout, stderr } = await latchkey([words], { env });
      t.same([code, stdout, stderr], [2, '', told], words);
    }
    t.notOk(existsSync(`${folder}/data`), 'no data folder');
  },
);
