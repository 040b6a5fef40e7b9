import { takeFilesLock } from '../assembly/file-parts.js';
import { type FilesLease, HeldElsewhere, takeFilesLease } from '../assembly/lease-parts.js';
import { copyStore } from '../assembly/store-copy.js';
import { enterDataFolder } from '../host/data-folder.js';
import { databaseUrl } from '../settings/places.js';
import { SettingProblem } from '../settings/setting-problem.js';
import {
  type Command,
  DONE,
  type Invocation,
  RefusedError,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { Progress } from './progress.js';

const FROM = 'sqlite:latchkey.db';

export const command: Command = {
  usage: '[--from sqlite:FILE] [--to postgres://…]',
  summary: 'Copies the whole store from SQLite into an empty one in PostgreSQL: all of it, or nothing.',
  details: [
    'Stop all services first: what is written to SQLite meanwhile, or after, is not in the copy. Every table is',
    'read back and compared before anything counts. Stopped in its middle, it has done nothing: run it again.',
    'SQLite is only read. Then set LATCHKEY_DATABASE_URL everywhere, and start the services.',
  ],
  options: {
    from: valued('sqlite:FILE', `the store that there is (default ${FROM} in the data folder)`),
    to: valued('URL', 'the empty one (default LATCHKEY_DATABASE_URL, where a password belongs)'),
  },
  takes: [0, 0],
  run: async (invocation) => {
    const { config, output } = invocation;
    const { file, url } = placesOf(invocation);
    enterDataFolder(config, output.note);
    const lock = await takeFilesLock(0);
    if (lock === undefined) {
      throw new RefusedError(`a files service works in ${config.dataFolder}; stop all services first`);
    }
    let progress: Progress | undefined;
    let lease: FilesLease | undefined;
    try {
      lease = await takeFilesLease({ ...config, database: { kind: 'postgres', url } });
      const { rows, revision } = await copyStore(file, url, (done, total) => {
        progress ??= new Progress(total);
        progress.update(done, done);
      });
      progress?.end();
      const counts = Object.entries(rows).filter(([, count]) => count > 0);
      const told = counts.map(([table, count]) => `${count} ${table}`).join(', ') || 'an empty store';
      output.result({ rows, revision }, [
        `copied and compared: ${told}`,
        'now set LATCHKEY_DATABASE_URL for all services and for the CLI, and start them',
      ]);
      return DONE;
    } catch (error) {
      if (error instanceof HeldElsewhere || (error as Error).name === 'NotEmpty')
        throw new RefusedError((error as Error).message);
      throw error;
    } finally {
      progress?.end();
      await lease?.release();
      lock.release();
    }
  },
};

function placesOf({ config, options }: Invocation): { readonly file: string; readonly url: string } {
  const from = placeOf('--from', textOption(options, 'from') ?? FROM);
  const given = textOption(options, 'to');
  const to = given === undefined ? config.database : placeOf('--to', given);
  if (from.kind !== 'sqlite') throw new UsageError('--from takes sqlite:FILE');
  if (to.kind !== 'postgres') {
    throw new UsageError('--to, or LATCHKEY_DATABASE_URL, takes postgres://USER@HOST/DATABASE');
  }
  return { file: from.file, url: to.url };
}

function placeOf(option: string, text: string) {
  try {
    return databaseUrl(text);
  } catch (error) {
    if (error instanceof SettingProblem) throw new UsageError(`${option} ${error.message}`);
    throw error;
  }
}
