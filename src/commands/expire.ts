import { formatInstant } from '../acl/instant.js';
import { isFolder } from '../acl/resource-path.js';
import { endOf, instantOption, pathArgument } from './arguments.js';
import { type Command, DONE, flag, type OptionValues, textOption, UsageError, valued } from './command.js';
import { filesInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withFileWork } from './served-files.js';

export const command: Command = {
  usage: 'PATH --in DURATION | --at ISO | --never',
  summary: 'Says when a file expires: from that instant on it is served to nobody but administrators.',
  details: [
    'It holds by itself, whichever service runs; the files service then moves the file into the trash, within a',
    'minute. Whoever replaces the file gives it another expiry, or none. A move carries it, a copy does not.',
    'A running files service is asked to do it; without one, the command does it.',
    ...WAIT_DETAILS,
  ],
  options: {
    in: valued('DURATION', 'after so long, such as 12h, 7d or 4w'),
    at: valued('ISO', 'at this instant, such as 2027-01-31T12:00Z'),
    never: flag('it does not expire any more'),
    ...waitOptions,
  },
  takes: [1, 1],
  run: async (invocation) => {
    const path = pathArgument(invocation.positionals[0]);
    if (isFolder(path)) throw new UsageError(`${path} is a folder: only a file expires`);
    const expiresAt = expiryOption(invocation.options, Date.now());
    return withFileWork(invocation, async (files) => {
      const { revision } = await files.expire(path, expiresAt);
      const told = expiresAt === undefined ? undefined : formatInstant(expiresAt);
      const value = { path, ...(told !== undefined && { expiresAt: told }), revision };
      await filesInForce(invocation, files, value, [
        told === undefined ? `${path} never expires` : `${path} expires ${told}`,
      ]);
      return DONE;
    });
  },
};

function expiryOption(options: OptionValues, now: number): number | undefined {
  const [lasting, at] = [textOption(options, 'in'), instantOption(options, 'at')];
  const given = [lasting, at, options.never].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UsageError('say one of --in DURATION, --at ISO and --never');
  if (options.never === true) return undefined;
  const expiresAt = lasting === undefined ? at : endOf(now, lasting, 'in');
  if (expiresAt !== undefined && expiresAt > now) return expiresAt;
  throw new UsageError('a file expires in the future; to end it now, run latchkey rm');
}
