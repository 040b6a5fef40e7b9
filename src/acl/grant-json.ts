/** A grant as JSON: what the API, `--json` and `export` write. Instants are ISO 8601, absent where open. */

import type { Grant, GrantDraft } from './grant.js';
import { formatInstant } from './instant.js';

export interface GrantJson {
  readonly id: number;
  readonly principal: string;
  readonly path: string;
  readonly action: GrantDraft['action'];
  readonly effect: GrantDraft['effect'];
  readonly notBefore?: string;
  readonly expiresAt?: string;
}

export function grantJson({ id, principal, path, action, effect, notBefore, expiresAt }: Grant): GrantJson {
  return {
    id,
    principal,
    path,
    action,
    effect,
    ...(notBefore !== undefined && { notBefore: formatInstant(notBefore) }),
    ...(expiresAt !== undefined && { expiresAt: formatInstant(expiresAt) }),
  };
}
