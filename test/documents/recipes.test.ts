/** A recipe that is said to be run by the tests is, to the letter, what they run. */

import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import t from 'tap';
import { COMMANDS, isCommandName } from '../../src/commands/catalogue.js';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

t.test('the Django recipe is the site that the tests sign in to', async (t) => {
  const [, section = ''] = read('docs/credentials.md').split('\n### Django\n');
  const block = section.split('\n### ')[0]?.match(/(?:^ {4}.*\n|^\n(?= {4}))+/m)?.[0] ?? '';
  const functions = block
    .replace(/^ {4}/gm, '')
    .trim()
    .split(/\n\n(?=@)/);
  t.equal(functions.length, 2);
  const site = read('test/sites/django/latchkey.py');
  for (const one of functions) t.ok(site.includes(`\n${one}\n`), one.slice(0, 60));
});

t.test('each systemd unit starts a command that there is, with options that it has', async (t) => {
  const folder = new URL('../../docs/systemd/', import.meta.url);
  const starts = readdirSync(folder).flatMap((unit) =>
    [
      ...readFileSync(new URL(unit, folder), 'utf8').matchAll(
        /^ExecStart=\S+\/node \S+\/dist\/cli\.js (.+)$/gm,
      ),
    ].map(([, words = '']) => words.split(' ')),
  );
  t.same(starts.map(([name]) => name).sort(), ['authorizer', 'backup', 'files']);
  for (const [name = '', ...words] of starts) {
    const command = isCommandName(name) ? await COMMANDS[name].load() : t.fail(name);
    if (typeof command === 'boolean') continue;
    const { positionals } = parseArgs({
      args: words,
      allowPositionals: true,
      options: command.options ?? {},
    });
    t.ok(positionals.length >= command.takes[0] && positionals.length <= command.takes[1], words.join(' '));
  }
});

t.test('the upstream of several files services is kept as nginx.conf keeps that of one', async (t) => {
  const shipped = keptLines(read('nginx.conf'));
  t.ok(shipped.length > 2);
  t.same(keptLines(read('docs/operations.md')), shipped);
});

function keptLines(text: string): readonly string[] {
  const [, block = ''] = /upstream latchkey_files \{([^}]*)\}/.exec(text) ?? [];
  return [...block.matchAll(/(keepalive\w*)\s+(\w+);/g)].map(([, name, value]) => `${name} ${value}`);
}
