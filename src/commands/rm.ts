import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import type { FileWork } from '../file-work.js';
import { pathArgument } from './arguments.js';
import { type Command, DONE, flag, REFUSED, UsageError } from './command.js';
import { Progress } from './progress.js';
import { withFileWork } from './served-files.js';

export const command: Command = {
  usage: 'PATH [--recursive]',
  summary: 'Deletes a file, or a folder with all that is in it: allows go with them, denies stay.',
  details: [
    'A folder is deleted file by file; interrupted, the command may be run again. A folder in which something is',
    'that is no file of ours, such as a link, is left, and named by exit code 1.',
    'A running files service is asked to do it; without one, the command does it.',
  ],
  options: { recursive: flag('a folder, with all that is in it') },
  takes: [1, 1],
  run: async (invocation) => {
    const { output, options } = invocation;
    const path = pathArgument(invocation.positionals[0]);
    if (isFolder(path) && options.recursive !== true) {
      throw new UsageError(`${path} is a folder: to delete all that is in it, add --recursive`);
    }
    return withFileWork(invocation, async (files) => {
      const { removed, left } = isFolder(path) ? await removeAll(files, path) : await removeOne(files, path);
      output.result({ path, removed, left }, [`removed: ${removed} files`]);
      if (left === 0) return DONE;
      output.note(`${left} folders in ${path} are left: something is in them that cannot be removed`);
      return REFUSED;
    });
  },
};

async function removeOne(files: FileWork, path: ResourcePath) {
  await files.removeFile(path);
  return { removed: 1, left: 0 };
}

async function removeAll(files: FileWork, folder: ResourcePath) {
  const progress = new Progress(undefined);
  let removed = 0;
  try {
    for (;;) {
      const round = await files.removeFolder(folder);
      removed += round.removed;
      progress.update(removed, removed);
      if (!round.more) return { removed, left: round.left };
    }
  } finally {
    progress.end();
  }
}
