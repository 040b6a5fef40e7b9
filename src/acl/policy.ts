/**
 * What configuration adds to the grants: administrators, and a user's home (DESIGN §5). Pure.
 */

import { BUILT_IN_ID, type Grant } from './grant.js';
import { nameOfPrincipal, type Principal, userPrincipal } from './principal.js';
import { isFolder, parseResourcePath, type ResourcePath } from './resource-path.js';

export interface Policy {
  /** These have `manage` everywhere, before any grant. */
  readonly administrators: ReadonlySet<Principal>;
  /** Where a user's home is; `undefined`: nobody has one. */
  readonly home: HomeTemplate | undefined;
}

/** `/users/{user}/` as the text before the user's id and the text behind it. */
export interface HomeTemplate {
  readonly before: string;
  readonly after: string;
}

const PLACE = '{user}';

/** Parses `/users/{user}/`: a folder in which `{user}` is one whole segment. */
export function parseHomeTemplate(text: string): HomeTemplate | undefined {
  const [before, after, ...more] = text.split(PLACE);
  if (before === undefined || after === undefined || more.length > 0) return undefined;
  if (!before.endsWith('/') || !after.startsWith('/')) return undefined;
  const example = parseResourcePath(`${before}user${after}`);
  return example !== undefined && isFolder(example) ? { before, after } : undefined;
}

/** The folder of that user; `undefined` when the user's id is not one legitimate segment. */
export function homeOf(template: HomeTemplate, user: Principal): ResourcePath | undefined {
  const id = nameOfPrincipal(user);
  return id.includes('/') ? undefined : parseResourcePath(template.before + id + template.after);
}

/** The user whose home holds `path`, whether or not there is such a user. */
export function homeOwner(policy: Policy, path: ResourcePath): Principal | undefined {
  const { home } = policy;
  if (home === undefined || !path.startsWith(home.before)) return undefined;
  const end = path.indexOf('/', home.before.length);
  const user = userPrincipal(path.slice(home.before.length, end === -1 ? undefined : end));
  if (user === undefined) return undefined;
  const folder = homeOf(home, user);
  return folder !== undefined && path.startsWith(folder) ? user : undefined;
}

const NONE: readonly Grant[] = Object.freeze([]);

/** The built-in grant of `user` that bears on `path`, if there is one. */
export function homeGrant(policy: Policy, user: Principal | undefined, path: ResourcePath): readonly Grant[] {
  if (policy.home === undefined || user === undefined || !path.startsWith(policy.home.before)) return NONE;
  const home = homeOf(policy.home, user);
  if (home === undefined || !path.startsWith(home)) return NONE;
  return [
    {
      id: BUILT_IN_ID,
      principal: user,
      path: home,
      action: 'manage',
      effect: 'allow',
      notBefore: undefined,
      expiresAt: undefined,
    },
  ];
}
