import { join } from 'node:path';
import { loadConfig } from '../config.js';
import { siteLines } from '../nginx/render.js';
import { type Command, DONE, textOption, valued } from './command.js';
import { shellWord } from './shell.js';
import { siteOptions } from './site-options.js';

export const command: Command = {
  usage: '[--root DIR] [--mount PREFIX]',
  summary: 'Prints the nginx lines that put Latchkey before the files of an existing site.',
  details: ['Start the services with the same two settings: they are printed as a comment.'],
  options: {
    root: valued(
      'DIR',
      "nginx's root of those files (LATCHKEY_ROOT), absolute: a file lies at root + URL path",
    ),
    mount: valued('PREFIX', 'the URL prefix that becomes private, such as /media/ (LATCHKEY_MOUNT)'),
  },
  takes: [0, 0],
  run: async ({ options, env, output }) => {
    const root = textOption(options, 'root');
    const mount = textOption(options, 'mount');
    const config = loadConfig({
      ...env,
      ...(root !== undefined && { LATCHKEY_ROOT: root }),
      ...(mount !== undefined && { LATCHKEY_MOUNT: mount }),
    });
    const rootFolder = config.root.startsWith('/') ? config.root : join(config.dataFolder, config.root);
    const lines = siteLines({
      dataFolder: config.dataFolder,
      root: rootFolder,
      authorizers: 1,
      ...siteOptions(config),
    });
    const settings = {
      LATCHKEY_DATA: config.dataFolder,
      LATCHKEY_ROOT: rootFolder,
      LATCHKEY_MOUNT: config.mount,
    };
    const assignments = Object.entries(settings).map(([name, value]) => `${name}=${shellWord(value)}`);
    output.result({ ...lines, root: rootFolder, mount: config.mount }, [
      `# Services: ${assignments.join(' ')}`,
      "# latchkey authorizer & latchkey files, as the user of nginx's workers",
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
