import { openAuthorizerApp } from '../assembly/authorizer-service.js';
import { enterDataFolder } from '../host/data-folder.js';
import { collectEarly } from '../host/heap.js';
import { inheritedSocket } from '../host/inherited-socket.js';
import { type Address, listeningOrClosed, listenOn, refuseSecond } from '../host/listen.js';
import { logger } from '../host/logger.js';
import { stopWhenTold } from '../host/stop.js';
import { superviseUntilStopped } from '../host/supervisor.js';
import { addressOption, WORKERS_MAX, workersOption } from './arguments.js';
import { type Command, DONE, UsageError, valued } from './command.js';
import { listenForMetrics } from './metrics-port.js';
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
    const inherited = inheritedSocket(env);
    const socket = address ?? { path: authorizerSocket(1) };
    collectEarly();
    enterDataFolder(config, output.note);
    if (inherited === undefined) await refuseSecond(socket);
    const { app, metrics } = await openAuthorizerApp(config, logger(config.logLevel, 'authorizer'));
    app.addHook('onClose', () => metrics?.close());
    await listeningOrClosed(app, async () => {
      await listenForMetrics(metrics, config, numberOf(socket));
      await listenOn(app, inherited, socket);
    });
    await stopWhenTold(app);
    return DONE;
  },
};

/** Which of several it is, by the socket that it was given; 1 where that says nothing. */
function numberOf(address: Address): number {
  const socket = 'path' in address ? /-(\d+)\.sock$/.exec(address.path) : null;
  return Number(socket?.[1] ?? 1);
}
