/** The texts of --help and --version. */

import { readFileSync } from 'node:fs';
import { COMMANDS } from './catalogue.js';
import { type Command, flag, type OptionSpecs, valued } from './command.js';

export const GLOBAL_OPTIONS = {
  data: valued('DIR', 'the data folder (or LATCHKEY_DATA; default ./data)'),
  database: valued(
    'URL',
    'the store (or LATCHKEY_DATABASE_URL; default sqlite:latchkey.db in the data folder)',
  ),
  json: flag('print the result as JSON'),
  help: flag('this, or with a command its own help; -h is the same'),
} as const satisfies OptionSpecs;

const GLOBAL_LINES = [
  ...optionLines('Global options:', GLOBAL_OPTIONS),
  '',
  'Exit codes: 0 done or allowed, 1 refused or denied, 2 wrong usage or configuration, 3 it could not be',
  'done or found out.',
];

export function generalHelp(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  );
  return lines([
    'Latchkey: private files for nginx.',
    '',
    'Usage: latchkey COMMAND …',
    '',
    ...commands,
    '',
    ...GLOBAL_LINES,
    '',
    'latchkey --version prints the version.',
  ]);
}

export function commandHelp(name: string, command: Command): string {
  const details = command.details === undefined ? [] : ['', ...command.details];
  return lines([
    `Usage: latchkey ${name} ${command.usage}`.trimEnd(),
    '',
    command.summary,
    ...details,
    ...(command.options === undefined ? [] : ['', ...optionLines('Options:', command.options)]),
    '',
    ...GLOBAL_LINES,
  ]);
}

export function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function optionLines(title: string, options: OptionSpecs): readonly string[] {
  const rows = Object.entries(options).map(([name, { value, help }]) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    help,
  ]);
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return [title, ...rows.map(([name = '', help]) => `  ${name.padEnd(width)}  ${help}`)];
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
