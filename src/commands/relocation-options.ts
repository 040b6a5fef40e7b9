/** What mv and cp have in common: two paths, and what becomes of grants and of a file at the target. */

import type { Relocation } from '../assembly/file-work.js';
import { pathArgument } from './arguments.js';
import { flag, type Invocation, type OptionSpecs, textOption, UsageError, valued } from './command.js';

const WORDS = ['refuse', 'replace', 'keep-both'] as const;

export const RELOCATION_USAGE = 'FROM TO [--drop-grants] [--on-conflict C | --replace]';

export const RELOCATION_OPTIONS: OptionSpecs = {
  'drop-grants': flag('without the grants of FROM; what stands on TO counts there'),
  'on-conflict': valued('C', 'where there is a file at TO: refuse, replace or keep-both; default refuse'),
  replace: flag('the same as --on-conflict replace'),
};

export function relocationOf(invocation: Invocation): Relocation {
  const { positionals, options } = invocation;
  return {
    from: pathArgument(positionals[0]),
    to: pathArgument(positionals[1]),
    grants: options['drop-grants'] === true ? 'drop' : 'keep',
    onConflict: onConflictOf(invocation),
  };
}

function onConflictOf({ options }: Invocation): Relocation['onConflict'] {
  const replaces = options.replace === true;
  const text = textOption(options, 'on-conflict') ?? (replaces ? 'replace' : 'refuse');
  const word = WORDS.find((known) => known === text);
  if (word === undefined) throw new UsageError(`--on-conflict takes ${WORDS.join(', ')}, not '${text}'`);
  if (replaces && word !== 'replace')
    throw new UsageError(`--replace and --on-conflict ${word} exclude each other`);
  return word;
}
