import { openAuthorizerApp } from '../assembly.js';
import { enterDataFolder } from '../host/data-folder.js';
import { collectEarly } from '../host/heap.js';
import { listen, stopWhenTold } from '../host/listen.js';
import { logger } from '../host/logger.js';
import { superviseUntilStopped } from '../host/supervisor.js';
import { addressOption, WORKERS_MAX, workersOption } from './arguments.js';
import { type Command, DONE, UsageError, valued } from './command.js';
import { authorizerPart, authorizerSocket } from './parts.js';

export const command: Command = {
  usage: '[--workers N | --listen SOCKET | --listen HOST:PORT]',
  summary: 'Runs the authorizer that nginx asks.',
  details: [
    'It listens on run/authorizer-1.sock in the data folder; with --workers N, N processes listen on',
    'run/authorizer-1.sock to -N.sock, and nginx balances over them.',
  ],
  options: {
    workers: valued('N', `how many processes; default 1, at most ${WORKERS_MAX}`),
    listen: valued(
      'SOCKET|HOST:PORT',
      'where it listens instead: a socket, relative to the data folder, or TCP',
    ),
  },
  takes: [0, 0],
  run: async ({ config, options, env, output }) => {
    const workers = workersOption(options);
    const address = addressOption(options);
    if (workers > 1) {
      if (address !== undefined) throw new UsageError('--workers and --listen exclude each other');
      const parts = Array.from({ length: workers }, (_, i) => authorizerPart(i + 1, config, env));
      return superviseUntilStopped(parts, output.note);
    }
    collectEarly();
    enterDataFolder(config, output.note);
    const app = await openAuthorizerApp(config, logger(config.logLevel, 'authorizer'));
    await listen(app, address ?? { path: authorizerSocket(1) });
    await stopWhenTold(app);
    return DONE;
  },
};
