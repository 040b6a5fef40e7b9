import { OPERATOR_SOCKET } from '../assembly/file-parts.js';
import { openFilesApp } from '../assembly/one-files-service.js';
import { enterDataFolder } from '../host/data-folder.js';
import { collectEarly } from '../host/heap.js';
import { inheritedSocket } from '../host/inherited-socket.js';
import { listen, listeningOrClosed, listenOn, OWN_SOCKET_MODE, refuseSecond } from '../host/listen.js';
import { logger } from '../host/logger.js';
import { LINGER_MS, stopWhenTold } from '../host/stop.js';
import { addressOption } from './arguments.js';
import { type Command, DONE, FAILED, valued } from './command.js';
import { listenForMetrics } from './metrics-port.js';
import { openOrStandBy } from './standing-by.js';

export const FILES_SOCKET = 'run/files.sock';
/** Of the ports for metrics. */
const FIRST = 0;

export const command: Command = {
  usage: '[--listen SOCKET | HOST:PORT]',
  summary: 'Runs the files service: uploads, deletions, downloads, and the HTTP API.',
  details: [
    `It listens on ${FILES_SOCKET} in the data folder. What a crash left is finished first.`,
    'Of several with one PostgreSQL one works. The others stand by, and listen when it stops or dies.',
  ],
  options: {
    listen: valued(
      'SOCKET|HOST:PORT',
      'where it listens instead: a socket, relative to the data folder, or TCP',
    ),
  },
  takes: [0, 0],
  run: async ({ config, options, env, output }) => {
    const inherited = inheritedSocket(env);
    const address = addressOption(options) ?? { path: FILES_SOCKET };
    collectEarly();
    enterDataFolder(config, output.note);
    if (inherited === undefined) await refuseSecond(address);
    const begun = await openOrStandBy(config, FIRST, (waiting) =>
      openFilesApp(config, logger(config.logLevel, 'files'), waiting),
    );
    if (begun === undefined) return DONE;
    const { app, operator, metrics, whenLost } = begun.opened;
    void whenLost.then(endAtOnce(output.note));
    app.addHook('onClose', () => metrics?.close());
    await listeningOrClosed(app, async () => {
      await listenForMetrics(metrics, config, FIRST);
      // Visitors first: whoever waits for the first line that says 'listening' waits for them.
      await listenOn(app, inherited, address);
      await listen(operator, { path: OPERATOR_SOCKET }, OWN_SOCKET_MODE);
    });
    await stopWhenTold(app, { told: begun.told, lingerMs: LINGER_MS });
    return DONE;
  },
};

/** As by kill -9: whatever is under way is refused by the store, and must not go on on the disk. */
function endAtOnce(note: (message: string) => void) {
  return (holder: string) => {
    note(
      `${holder} has taken over the files of this store: this files service ends; started again, it stands by`,
    );
    process.exit(FAILED);
  };
}
