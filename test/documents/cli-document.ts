/** docs/cli.md: what each command says of itself with --help, and the settings with their defaults. */

import { COMMANDS } from '../../src/commands/catalogue.js';
import { commandHelp, generalHelp } from '../../src/commands/help.js';
import { effectiveSettings } from '../../src/settings/effective-settings.js';

const HEAD = `# The command line

Each command's own \`--help\`, and the settings. This file is written by \`npm run docs\`.

In the repository it is \`npx latchkey\`, which runs on the Node that npm has pinned. Every command works on the
store directly: no service has to run. (Where a files service runs, mv, cp and rm ask it.) Run as root, it works as the
owner of the data folder.

`;

const SETTINGS_HEAD = `## Settings

Environment variables, checked whole at the start: every problem is reported, and a LATCHKEY_ name that is not in
this table is one. \`latchkey config\` prints the values in force. \`LATCHKEY_JWT_SECRET_FILE\` names a file that
holds the secret. Sizes are bytes, or have nginx's units: \`512k\`, \`64m\`, \`10g\`.

| setting | default | what it is |
|---|---|---|
`;

export async function cliDocument(): Promise<string> {
  const sections = [section('latchkey', generalHelp())];
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    sections.push(section(`latchkey ${name}`, withoutGlobals(commandHelp(name, await load()))));
  }
  return HEAD + sections.join('') + SETTINGS_HEAD + settingRows();
}

function section(title: string, help: string): string {
  const lines = help.trimEnd().split('\n');
  return `## ${title}\n\n\`\`\`text\n${lines.map((line) => line.trimEnd()).join('\n')}\n\`\`\`\n\n`;
}

/** The global options stand once, at the top. */
function withoutGlobals(help: string): string {
  const [own = help] = help.split('\nGlobal options:');
  return own;
}

function settingRows(): string {
  return effectiveSettings({})
    .map(({ name, value, help }) => `| \`${name}\` | ${value === '' ? '' : `\`${value}\``} | ${help} |\n`)
    .join('');
}
