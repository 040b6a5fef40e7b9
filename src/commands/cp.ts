import { type Command, DONE } from './command.js';
import { filesInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { RELOCATION_OPTIONS, RELOCATION_USAGE, relocationOf } from './relocation-options.js';
import { withFileWork } from './served-files.js';

export const command: Command = {
  usage: RELOCATION_USAGE,
  summary: 'Copies a file, with its grants. Share links stay with FROM.',
  details: [
    'A copy is an upload: it appears whole. Where a deny stands on TO, it stays.',
    'keep-both copies beside the file that is there, as NAME (2); TO may then be FROM.',
    'A running files service is asked to do it; without one, the command does it.',
    ...WAIT_DETAILS,
  ],
  options: { ...RELOCATION_OPTIONS, ...waitOptions },
  takes: [2, 2],
  run: async (invocation) => {
    const relocation = relocationOf(invocation);
    return withFileWork(invocation, async (files) => {
      const { path, bytes, created } = await files.copy(relocation);
      const line = `copied: ${relocation.from} to ${path} (${bytes} bytes)`;
      // The denies of FROM come along, and TO may have been a file before.
      await filesInForce(invocation, files, { from: relocation.from, to: path, bytes, created }, [line]);
      return DONE;
    });
  },
};
