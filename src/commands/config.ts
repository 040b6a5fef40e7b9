import { effectiveSettings, settingHelp } from '../config.js';
import { type Command, DONE } from './command.js';
import { table } from './table.js';

const NAME_WIDTH = Math.max(...settingHelp().map(([name]) => name.length));

export const command: Command = {
  usage: '',
  summary: 'Prints every setting with the value in force and where it comes from; secrets are masked.',
  details: [
    'Each is a variable of the environment; an empty one counts as not given, but for LATCHKEY_HOME.',
    '',
    ...settingHelp().map(([name, help]) => `${name.padEnd(NAME_WIDTH)}  ${help}`),
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
