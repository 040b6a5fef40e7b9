import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { beginPartial } from '../assembly/backup-parts.js';
import { backUpStore } from '../assembly/foundations.js';
import { enterDataFolder } from '../host/data-folder.js';
import { type Command, DONE, flag, RefusedError, UsageError } from './command.js';
import { Progress } from './progress.js';

/** Of the store, and what lies beside it. */
const OWN_ENDINGS = ['', '-wal', '-shm', '-journal', '-counts', '-counts-wal', '-counts-shm'];
/** In the data folder. */
const SECRETS = ['secret', 'link-secret'];

export const command: Command = {
  usage: 'FILE [--replace]',
  summary: 'Copies the store, as it is at one instant, into a file, while everything goes on.',
  details: [
    'The copy is checked before FILE appears; what one that was killed has left beside it, the next one removes.',
    'As root it is made by the owner of the data folder, who has to be able to write there. Then back up the',
    "files and the secrets: 'docs/operations.md' says in which order.",
    'To restore: stop the services, put FILE in the place of latchkey.db, remove -wal and -shm beside it, start.',
  ],
  options: { replace: flag('a FILE that is there already is replaced, when the copy is whole') },
  takes: [1, 1],
  run: async ({ config, options, output, positionals }) => {
    const file = resolve(positionals[0] ?? ''); // before the working folder is another one
    const { database } = config;
    if (database.kind !== 'sqlite') {
      throw new UsageError(
        "the store is in PostgreSQL: copy it with pg_dump ('docs/operations.md' says how)",
      );
    }
    refuseMissing(resolve(config.dataFolder, database.file));
    const { owner } = enterDataFolder(config, output.note);
    refuseOwn(file, database.file);
    if (options.replace !== true && existsSync(file)) {
      throw new RefusedError(`${file} is there already; name another one, or say --replace`);
    }
    const partial = beginPartial(file, output.note);
    const progress = new Progress(100, 'MiB');
    try {
      const { bytes, revision } = await backUpStore(database.file, partial.path, (doneBytes, totalBytes) =>
        progress.update((100 * doneBytes) / Math.max(totalBytes, 1), Math.round(doneBytes / 2 ** 20)),
      );
      progress.end();
      renameSync(partial.path, file);
      syncFolder(dirname(file));
      output.result({ file, bytes, revision }, [
        `backed up to ${file}: ${bytes} bytes, revision ${revision}`,
      ]);
      return DONE;
    } catch (error) {
      if (!/\b(?:EACCES|EROFS|ENOENT)\b/.test((error as Error).message)) throw error;
      const remedy = `the copy is made as ${owner.name}; name a folder that is there and where it may write`;
      throw new Error(`${(error as Error).message}: ${remedy}`, { cause: error });
    } finally {
      progress.end();
      partial.end();
    }
  },
};

/** Before a data folder is made of a name that was misspelt. */
function refuseMissing(database: string): void {
  if (existsSync(database)) return;
  throw new Error(`there is no database ${database}; name the data folder with --data`);
}

/** Replaced by its copy, the store that services have open would be one that nobody finds again. */
function refuseOwn(file: string, database: string): void {
  const own = OWN_ENDINGS.map((ending) => realPlace(`${database}${ending}`));
  const secrets = SECRETS.map((name) => realPlace(name));
  if (![...own, ...secrets].includes(realPlace(file))) return;
  throw new RefusedError(`${file} is a file that the services work with; name another one`);
}

/** The file itself may not be there. */
function realPlace(file: string): string {
  const folder = dirname(resolve(file));
  return join(existsSync(folder) ? realpathSync(folder) : folder, basename(file));
}

/** So that the new name survives a power cut. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
