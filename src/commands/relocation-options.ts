/** What mv and cp have in common: two paths, and what becomes of grants and of a file at the target. */

import type { Relocation } from '../file-work.js';
import { pathArgument } from './arguments.js';
import { flag, type Invocation, type OptionSpecs } from './command.js';

export const RELOCATION_USAGE = 'FROM TO [--drop-grants] [--replace]';

export const RELOCATION_OPTIONS: OptionSpecs = {
  'drop-grants': flag('without the grants of FROM; what stands on TO counts there'),
  replace: flag('a file at TO; without it, that is refused'),
};

export function relocationOf({ positionals, options }: Invocation): Relocation {
  return {
    from: pathArgument(positionals[0]),
    to: pathArgument(positionals[1]),
    grants: options['drop-grants'] === true ? 'drop' : 'keep',
    onConflict: options.replace === true ? 'replace' : 'refuse',
  };
}
