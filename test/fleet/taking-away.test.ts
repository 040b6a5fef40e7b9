/**
 * Every verb that can take a right away says where that is in force, by a command alone, by one that asks a running files
 * service, and by the HTTP API. Which these are, `verb-table.ts` says.
 */

import { chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { several } from '../commands/program.js';
import { postgres } from '../postgres.js';
import { path } from '../storage/given.js';
import { type CliOptions, startFleet } from './fleet.js';
import { VERBS } from './verb-table.js';

const API = '/_latchkey/api/v1';
const WRITE = '/_latchkey/write/files';
const GRANT = '{"principal":"user:bob","action":"read","path":"/in/a","effect":"deny"}\n';

const server = await postgres(t);
const fleet = await startFleet(t, server.url());
/** How many have confirmed in time is not ours to say: the machine may be busy. */
const told = (authorizers: number) => ({ effective: { confirmed: Number, authorizers } });
/** So busy that the store did not answer it in time: it has asked, and says so. */
const WAITED = /which authorizers decide by it is not known: .*time-?out/;

/** What a command has printed with --json. */
async function json(words: string, options: CliOptions = {}): Promise<Readonly<Record<string, unknown>>> {
  const { stdout, stderr } = await fleet.cli(`${words} --json`, options);
  if (!stdout.endsWith('}\n')) throw new Error(`${words}: ${stderr}`);
  const value = JSON.parse(stdout);
  return WAITED.test(stderr) ? { waited: true, ...value } : value;
}

function waits(t: Test, value: Readonly<Record<string, unknown>>, authorizers: number, words: string): void {
  if (value.waited === true) t.notOk('effective' in value, words);
  else t.match(value, told(authorizers), words);
}

const run = new Set<string>();
const runs = (words: string) => {
  const verb = Object.keys(VERBS)
    .filter((name) => `${words} `.startsWith(`${name} `))
    .at(-1);
  run.add(verb ?? words);
};

/** Files on the disk of a data folder, as an operator copies them there. */
function given(dataFolder: string, folder: string): void {
  const on = `${dataFolder}/store/files/${folder}`;
  mkdirSync(on, { recursive: true, mode: 0o777 });
  for (const name of ['moved', 'copied', 'removed', 'ending']) writeFileSync(`${on}/${name}`, name);
  mkdirSync(`${on}/all`, { mode: 0o777 });
  writeFileSync(`${on}/all/one`, 'one');
  const { uid, gid } = statSync(dataFolder); // the services drop to its owner
  for (const name of ['', ...readdirSync(on, { recursive: true, encoding: 'utf8' })]) {
    chownSync(`${on}/${name}`, uid, gid);
  }
}

t.test('rights, credentials and links', async (t) => {
  await fleet.cli('acl /');
  const key = await json('key create bob');
  const links = await Promise.all([1, 2].map(() => json('link create /in/a')));
  const [changed, revoked] = links.map(({ id }) => String(id));
  const cases = [
    ['grant user:bob read /in/deny --deny'],
    ['grant user:bob read /in/window --for 1h'],
    ['revoke user:eve /in/a'],
    ['group add eng bob'],
    ['group remove ops bob'],
    ['suspend eve'],
    ['sign-out carol'],
    ['sign-out --token t1'],
    [`key revoke ${key.id}`],
    [`link change ${changed} --for 1h`],
    [`link revoke ${revoked}`],
    ['link revoke --signed-path /in/a'],
    ['import -', { stdin: GRANT }],
  ] as const;
  await several(cases, async ([words, options]) => {
    runs(words);
    waits(t, await json(words, options), 3, words);
  });
});

t.test('what only widens waits for nobody', async (t) => {
  const [granted, resumed] = await Promise.all([json('grant user:bob read /in/wide'), json('resume eve')]);
  for (const value of [granted, resumed]) t.notOk('effective' in value || 'waited' in value);
});

/** Each takes something away; they come one after another. */
async function work(folder: string, options: CliOptions, authorizers: number, t: Test): Promise<void> {
  const check = async (words: string) => {
    runs(words);
    waits(t, await json(words, options), authorizers, words);
  };
  await check(`expire /${folder}/ending --in 7d`);
  await check(`mv /${folder}/moved /${folder}/there`);
  await check(`cp /${folder}/copied /${folder}/copy`);
  await check(`rm /${folder}/removed`);
  const { entries } = (await json(`trash list /${folder}/`, options)) as {
    entries: readonly { id: string }[];
  };
  await check(`trash restore ${entries[0]?.id}`);
  await check(`rm --recursive /${folder}/all/`);
}

t.test('files, by a command alone', async (t) => {
  given(fleet.desk, 'alone');
  for (const words of ['mv /alone/moved /alone/there', 'rm /alone/removed']) {
    runs(words);
    waits(t, await json(words), 3, words);
  }
});

t.test('grants that come with adopted files, and what a crash has left', async (t) => {
  writeFileSync(`${fleet.desk}/grants.jsonl`, GRANT);
  runs('adopt');
  waits(t, await json(`adopt --grants ${fleet.desk}/grants.jsonl`), 3, 'adopt');
  await fleet.store.moves.beginMove({
    name: 'left',
    from: path('/alone/there'),
    to: path('/alone/never'),
    grants: 'keep',
    file: { bytes: 5, modifiedSeconds: 1 },
  });
  runs('fsck');
  const repaired = await json('fsck --repair');
  t.equal(repaired.mended, 1);
  waits(t, repaired, 3, 'fsck');
  const again = await json('fsck --repair');
  t.notOk('effective' in again || 'waited' in again, 'nothing was mended');
});

t.test('with a files service', async (t) => {
  const files = await fleet.startFiles(t);
  const { dataFolder } = files;
  await t.test('by commands that ask it', async (t) => {
    given(dataFolder, 'served');
    await work('served', { dataFolder }, 4, t);
    const notWaited = await fleet.cli('expire /served/there --in 1d --no-wait', { dataFolder });
    t.match(notWaited.stderr, /^latchkey: in force on every authorizer from \S+Z on, at the latest\n$/);
    t.match(notWaited, { code: 0, stdout: /^\/served\/there expires \S+\n$/ });
  });

  await t.test('by its API', async (t) => {
    given(dataFolder, 'asked');
    const window = {
      principal: 'user:bob',
      path: '/asked/copied',
      action: 'read',
      expiresAt: '2100-01-01T00:00:00Z',
    };
    const wide = { principal: 'user:bob', path: '/asked/copied', action: 'write' };
    const link = { path: '/asked/copied', downloadsMax: 3 };
    const made = (await files.ask('POST', `${API}/links`, JSON.stringify(link))) as { id: string };
    const cases: readonly (readonly [string, string, object?])[] = [
      ['PUT', `${API}/grants`, window],
      ['DELETE', `${API}/grants?principal=user:bob&path=/asked/copied`],
      ['POST', `${API}/files/expiry`, { path: '/asked/ending', expires: '7d' }],
      ['POST', `${API}/files/move`, { from: '/asked/moved', to: '/asked/there' }],
      ['POST', `${API}/files/copy`, { from: '/asked/copied', to: '/asked/copy' }],
      ['DELETE', `${API}/files?path=/asked/removed`],
      ['POST', `${API}/signed-urls/revoke`, { path: '/asked/copied' }],
      ['PATCH', `${API}/links/${made.id}`, { downloadsMax: 1 }],
      ['DELETE', `${API}/links/${made.id}`],
    ];
    for (const [method, url, body] of cases) {
      const answer = await files.ask(method, url, body && JSON.stringify(body));
      t.match(answer, told(4), `${method} ${url} ${JSON.stringify(answer)}`);
    }
    const [removed] = await fleet.store.trash.trash({ folder: path('/asked/'), max: 1 });
    const restored = await files.ask('POST', `${API}/trash/restore`, JSON.stringify({ id: removed?.id }));
    t.match(restored, { path: '/asked/removed', ...told(4) });
    t.notOk(
      'effective' in Object(await files.ask('PUT', `${API}/grants`, JSON.stringify(wide))),
      'it widens',
    );
    const gone = await files.answer('DELETE', `${WRITE}/asked/copy`);
    t.match(gone, { status: 204, headers: { 'x-latchkey-effective': /^\d\/4$/ } });
  });
});

t.test('none was left out', async (t) => {
  const waiting = Object.keys(VERBS).filter((verb) => VERBS[verb] === 'waits');
  t.strictSame(
    waiting.filter((verb) => !run.has(verb)),
    [],
  );
});
