import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { FileWork, RemovalMode } from '../assembly/file-work.js';
import { pathArgument } from './arguments.js';
import { type Command, DONE, flag, REFUSED, UsageError } from './command.js';
import { filesInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { Progress } from './progress.js';
import { withFileWork } from './served-files.js';

export const command: Command = {
  usage: 'PATH [--recursive] [--purge]',
  summary: 'Deletes a file, or a folder with all that is in it, into the trash: allows go, denies stay.',
  details: [
    'A folder is deleted file by file; interrupted, the command may be run again. A folder in which something is',
    'that is no file of ours, such as a link, is left, and named by exit code 1.',
    'What is deleted can be restored for LATCHKEY_TRASH_TIME: latchkey trash --help.',
    'A running files service is asked to do it; without one, the command does it.',
    ...WAIT_DETAILS,
  ],
  options: {
    recursive: flag('a folder, with all that is in it'),
    purge: flag('for good, past the trash'),
    ...waitOptions,
  },
  takes: [1, 1],
  run: async (invocation) => {
    const { output, options } = invocation;
    const path = pathArgument(invocation.positionals[0]);
    if (isFolder(path) && options.recursive !== true) {
      throw new UsageError(`${path} is a folder: to delete all that is in it, add --recursive`);
    }
    const mode = options.purge === true ? 'for-good' : 'trash';
    return withFileWork(invocation, async (files) => {
      const { removed, left } = isFolder(path)
        ? await removeAll(files, path, mode)
        : await removeOne(files, path, mode);
      await filesInForce(invocation, files, { path, removed, left }, [`removed: ${removed} files`]);
      if (left === 0) return DONE;
      output.note(`${left} folders in ${path} are left: something is in them that cannot be removed`);
      return REFUSED;
    });
  },
};

async function removeOne(files: FileWork, path: ResourcePath, mode: RemovalMode) {
  await files.removeFile(path, mode);
  return { removed: 1, left: 0 };
}

async function removeAll(files: FileWork, folder: ResourcePath, mode: RemovalMode) {
  const progress = new Progress(undefined);
  let removed = 0;
  try {
    for (;;) {
      const round = await files.removeFolder(folder, mode);
      removed += round.removed;
      progress.update(removed, removed);
      if (!round.more) return { removed, left: round.left };
    }
  } finally {
    progress.end();
  }
}
