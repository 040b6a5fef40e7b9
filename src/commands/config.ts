import { effectiveSettings } from '../config.js';
import { type Command, DONE } from './command.js';
import { table } from './table.js';

export const command: Command = {
  usage: '',
  summary: 'Prints every setting with the value in force and where it comes from; secrets are masked.',
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
