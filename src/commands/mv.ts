import { type Command, DONE } from './command.js';
import { filesInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { RELOCATION_OPTIONS, RELOCATION_USAGE, relocationOf } from './relocation-options.js';
import { withFileWork } from './served-files.js';

export const command: Command = {
  usage: RELOCATION_USAGE,
  summary: 'Moves a file, or a folder with all below it, with its grants. Its share links follow.',
  details: [
    'TO is what FROM is called then, not a folder to put it into; a folder ends in a slash in both.',
    'Whoever asks for either meanwhile, for some 100 ms, is told to come back. What was allowed on TO goes; what',
    'is denied there stays. API keys and signed URLs are for a path, and do not follow.',
    'keep-both moves a file beside the one that is there, as NAME (2).',
    'A running files service is asked to do it; without one, the command does it.',
    ...WAIT_DETAILS,
  ],
  options: { ...RELOCATION_OPTIONS, ...waitOptions },
  takes: [2, 2],
  run: async (invocation) => {
    const relocation = relocationOf(invocation);
    return withFileWork(invocation, async (files) => {
      const moved = await files.move(relocation);
      const { from } = relocation;
      const { path: to, ...counted } = moved;
      const counts = `with ${moved.grants} grants and ${moved.links} links`;
      const dropped = moved.dropped === 0 ? [] : [`dropped: ${moved.dropped} allows`];
      const line = `moved: ${from} to ${to} ${counts}`;
      await filesInForce(invocation, files, { from, to, ...counted }, [line, ...dropped]);
      return DONE;
    });
  },
};
