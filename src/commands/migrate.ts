import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { takeFilesLock } from '../assembly/file-parts.js';
import { CopyRefused, copyStore } from '../assembly/store-copy.js';
import { enterDataFolder } from '../host/data-folder.js';
import { databaseUrl } from '../settings/places.js';
import { SettingProblem } from '../settings/setting-problem.js';
import {
  type Command,
  DONE,
  flag,
  type Invocation,
  RefusedError,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { Progress } from './progress.js';

const FROM = 'sqlite:latchkey.db';

export const command: Command = {
  usage: '[--from sqlite:FILE] [--to postgres://…] [--restart]',
  summary: 'Copies the whole store from SQLite into an empty one in PostgreSQL.',
  details: [
    'Stop all services first. Meanwhile nobody can write to SQLite: who tries is refused. What is written there',
    'after it is not in the copy. Stopped in its middle, run it again: it goes on where it was. Every table is read',
    'back and compared; until then the database is no store, and nothing opens it. SQLite is only read. Then set',
    'LATCHKEY_DATABASE_URL everywhere, and start the services.',
  ],
  options: {
    from: valued('sqlite:FILE', `the store that there is (default ${FROM} in the data folder)`),
    to: valued('URL', 'the empty one (default LATCHKEY_DATABASE_URL, where a password belongs)'),
    restart: flag('an unfinished migration that is there is removed, and all is copied again'),
  },
  takes: [0, 0],
  run: async (invocation) => {
    const { config, output, options } = invocation;
    const { file, url } = placesOf(invocation);
    refuseMissing(config.dataFolder, file);
    enterDataFolder(config, output.note);
    const lock = await takeFilesLock(0);
    if (lock === undefined) {
      throw new RefusedError(`a files service works in ${config.dataFolder}; stop all services first`);
    }
    let progress: Progress | undefined;
    try {
      const { rows, revision } = await copyStore(file, url, {
        begin: options.restart === true ? 'anew' : 'where-it-was',
        onNote: (message) => {
          progress?.end();
          output.note(message);
        },
        onProgress: (done, total) => {
          progress ??= new Progress(total);
          progress.update(done, done);
        },
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
      if (error instanceof CopyRefused) throw new RefusedError(error.message);
      throw error;
    } finally {
      progress?.end();
      lock.release();
    }
  },
};

/** Before a data folder is made of a name that was misspelt. */
function refuseMissing(dataFolder: string, file: string): void {
  if (!existsSync(dataFolder)) {
    throw new UsageError(`there is no data folder ${dataFolder}; name it with --data`);
  }
  const database = resolve(dataFolder, file);
  if (existsSync(database)) return;
  throw new UsageError(
    `there is no database ${database}; name it with --from, or the data folder with --data`,
  );
}

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
