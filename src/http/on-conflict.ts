/**
 * What an upload does where there is something at its path: `replace` it (the default), `refuse`, which is
 * `If-None-Match: *`, or `keep-both`, under a name with a number. Said in the header `X-Latchkey-On-Conflict`, or by
 * the field `onConflict` of a form.
 */

import type { ResourcePath } from '../acl/resource-path.js';
import type { Upload } from '../uploads/committer.js';
import { candidatesFrom } from '../uploads/numbered-path.js';
import { NEVER_OVERWRITE, type Preconditions } from '../uploads/preconditions.js';
import type { Gate, Visitor } from './gate.js';
import { BadRequest } from './problem.js';
import type { WriteDeps } from './write-request.js';

const POLICIES = ['replace', 'refuse', 'keep-both'] as const;
export type OnConflict = (typeof POLICIES)[number];

export const ON_CONFLICT_HEADER = 'x-latchkey-on-conflict';

/** @param texts all that were said; they have to agree @throws BadRequest */
export function parseOnConflict(texts: readonly (string | undefined)[]): OnConflict {
  const said = new Set(texts.filter((text) => text !== undefined));
  const [text = 'replace'] = said;
  const policy = POLICIES.find((known) => known === text);
  if (policy !== undefined && said.size <= 1) return policy;
  throw new BadRequest(`What to do on a conflict is one of ${POLICIES.join(', ')}; say one, or none.`);
}

/** The preconditions of an upload with such a policy. @throws BadRequest where they exclude each other */
export function preconditionsFor(policy: OnConflict, given: Preconditions): Preconditions {
  if (policy === 'replace') return given;
  if (policy === 'refuse') return { ...given, ifNoneMatch: '*' };
  if (Object.values(given).every((header) => header === undefined)) return given;
  throw new BadRequest(
    'keep-both replaces no version, so it goes with no precondition; leave out one of them.',
  );
}

type Deps = Pick<WriteDeps, 'gate' | 'root'>;

/** With `keep-both`, a number is passed over where something is, or where whoever asks may not write. */
export function withOnConflict(deps: Deps, who: Visitor, policy: OnConflict, upload: Upload): Upload {
  if (policy !== 'keep-both') return upload;
  const action = upload.grants.length > 0 ? 'manage' : 'write';
  const may = (path: ResourcePath) => mayTake(deps.gate, who, action, path);
  const candidate = candidatesFrom(deps.root, upload.path, may);
  return { ...upload, candidate, preconditions: NEVER_OVERWRITE };
}

async function mayTake(gate: Gate, who: Visitor, action: 'write' | 'manage', path: ResourcePath) {
  return (await gate.decide(who, action, path)).outcome === 'allow';
}
