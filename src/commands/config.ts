import { effectiveSettings, settingHelp } from '../settings/effective-settings.js';
import { type Command, DONE } from './command.js';
import { table } from './table.js';

/** Characters of a line of help. */
const WIDTH = 110;
const NAME_WIDTH = Math.max(...settingHelp().map(([name]) => name.length));

export const command: Command = {
  usage: '',
  summary: 'Prints every setting with the value in force and where it comes from; secrets are masked.',
  details: [
    'Each is a variable of the environment; an empty one counts as not given, but for LATCHKEY_HOME.',
    '',
    ...settingHelp().flatMap(([name, help]) => entryLines(name, help)),
  ],
  takes: [0, 0],
  run: async ({ env, output }) => {
    const settings = effectiveSettings(env);
    output.result(
      { settings },
      table(
        ['setting', 'value', 'from', 'what it is'],
        settings.map(({ name, value, source, help }) => [name, value, source, help]),
      ),
    );
    return DONE;
  },
};

/** The name, and behind it the help, which goes on below itself where it is too long for one line. */
function entryLines(name: string, help: string): readonly string[] {
  const lines: string[] = [];
  let line = name.padEnd(NAME_WIDTH + 1);
  for (const word of help.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(NAME_WIDTH + 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
