import { resolve } from 'node:path';
import { loadConfig } from '../config.js';
import { siteLines } from '../nginx/render.js';
import { workersOption } from './arguments.js';
import { type Command, DONE, textOption, valued } from './command.js';
import { shellWord } from './shell.js';
import { siteOptions } from './site-options.js';

export const command: Command = {
  usage: '[--root DIR] [--mount PREFIX] [--workers N]',
  summary: 'Prints the nginx lines that put Latchkey before the files of an existing site.',
  details: ['Start the services with the same two settings: they are printed as a comment.'],
  options: {
    root: valued(
      'DIR',
      "nginx's root of those files (LATCHKEY_ROOT), absolute: a file lies at root + URL path",
    ),
    mount: valued('PREFIX', 'the URL prefix that becomes private, such as /media/ (LATCHKEY_MOUNT)'),
    workers: valued('N', 'how many authorizer processes nginx asks in turn; default 1'),
  },
  takes: [0, 0],
  run: async ({ options, env, output }) => {
    const root = textOption(options, 'root');
    const mount = textOption(options, 'mount');
    const workers = workersOption(options);
    const config = loadConfig({
      ...env,
      ...(root !== undefined && { LATCHKEY_ROOT: root }),
      ...(mount !== undefined && { LATCHKEY_MOUNT: mount }),
    });
    const rootFolder = resolve(config.dataFolder, config.root);
    const lines = siteLines({
      dataFolder: config.dataFolder,
      root: rootFolder,
      partialFolder: resolve(config.dataFolder, config.partialFolder),
      authorizers: workers,
      ...siteOptions(config),
    });
    const settings = {
      LATCHKEY_DATA: config.dataFolder,
      LATCHKEY_ROOT: rootFolder,
      LATCHKEY_MOUNT: config.mount,
      ...(env.LATCHKEY_PARTIAL && { LATCHKEY_PARTIAL: config.partialFolder }),
    };
    const assignments = Object.entries(settings).map(([name, value]) => `${name}=${shellWord(value)}`);
    const several = workers === 1 ? '' : ` --workers ${workers}`;
    output.result({ ...lines, root: rootFolder, mount: config.mount }, [
      `# Services: ${assignments.join(' ')}`,
      `# latchkey authorizer${several} & latchkey files, as the user of nginx's workers`,
      '',
      '# ---- into the http block ----',
      lines.http,
      '',
      '# ---- into the server block, in place of the location that serves these files now ----',
      lines.server,
    ]);
    return DONE;
  },
};
