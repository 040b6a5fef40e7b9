/** The CLI's words as the core's types; a wrong word is a UsageError that says what would be right. */

import { ACTIONS, type Action, parseAction } from '../acl/action.js';
import { isInstant, parseDuration, parseInstant } from '../acl/instant.js';
import {
  groupPrincipal,
  isGroup,
  isUser,
  type Principal,
  parsePrincipal,
  userPrincipal,
} from '../acl/principal.js';
import { isFolder, parseResourcePath, pathProblem, type ResourcePath } from '../acl/resource-path.js';
import { type Address, parseAddress } from '../host/listen.js';
import { type OptionValues, textOption, textOptions, UsageError } from './command.js';

/** Processes of the authorizer on one machine. */
export const WORKERS_MAX = 64;

export function principalArgument(text = ''): Principal {
  const principal = parsePrincipal(text);
  if (principal !== undefined) return principal;
  throw new UsageError(`'${text}' is no principal: user:NAME, group:NAME, authenticated or anyone`);
}

/** A user as `alice` or as `user:alice`. `group:eng` is refused: whoever suspends it means the group. */
export function userArgument(text = ''): Principal {
  const given = parsePrincipal(text);
  if (given !== undefined && !isUser(given)) {
    throw new UsageError(`'${text}' is no user; should a user have that name, write user:${text}`);
  }
  const user = given ?? userPrincipal(text);
  if (user !== undefined) return user;
  throw new UsageError(`'${text}' cannot be a user's name`);
}

/** A group as `eng` or as `group:eng`. */
export function groupArgument(text = ''): Principal {
  const given = parsePrincipal(text);
  if (given !== undefined && !isGroup(given)) {
    throw new UsageError(`'${text}' is no group; should a group have that name, write group:${text}`);
  }
  const group = given ?? groupPrincipal(text);
  if (group !== undefined) return group;
  throw new UsageError(`'${text}' cannot be a group's name`);
}

export function groupOptions(options: OptionValues): readonly Principal[] {
  return textOptions(options, 'group').map(groupArgument);
}

export function actionArgument(text = ''): Action {
  const action = parseAction(text);
  if (action !== undefined) return action;
  throw new UsageError(`'${text}' is no action: ${ACTIONS.join(', ')}`);
}

export function pathArgument(text = ''): ResourcePath {
  const path = parseResourcePath(text);
  if (path !== undefined) return path;
  throw new UsageError(`'${text}' is no resource path: ${pathProblem(text)}`);
}

/** Of `--listen`. */
export function addressOption(options: OptionValues): Address | undefined {
  const text = textOption(options, 'listen');
  if (text === undefined) return undefined;
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw new UsageError(
    `--listen takes a socket's path or HOST:PORT, with a port from 1 to 65535, not '${text}'`,
  );
}

/** UTC milliseconds of `--until ISO` or of now + `--for 48h`. */
export function endOption(options: OptionValues, now: number): number | undefined {
  const lasting = textOption(options, 'for');
  const until = instantOption(options, 'until');
  if (lasting === undefined) return until;
  if (until !== undefined) throw new UsageError('--for and --until exclude each other');
  return endOf(now, lasting);
}

export function instantOption(options: OptionValues, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  throw new UsageError(
    `--${name} takes an ISO 8601 time with a zone, such as 2027-01-31T12:00:00Z, not '${text}'`,
  );
}

/** UTC milliseconds of what begins at `begin` and lasts as long as an option says, such as `--for`. */
export function endOf(begin: number, lasting: string, option = 'for'): number {
  const duration = parseDuration(lasting);
  if (duration === undefined) {
    throw new UsageError(`--${option} takes a duration such as 90s, 30m, 48h, 7d, 2w, not '${lasting}'`);
  }
  if (isInstant(begin + duration)) return begin + duration;
  throw new UsageError(`--${option} ${lasting} ends after the year 9999; without it there is no end`);
}

/** `--workers N`; one where it is not given. */
export function workersOption(options: OptionValues): number {
  const text = textOption(options, 'workers') ?? '1';
  const workers = Number(text);
  if (Number.isInteger(workers) && workers >= 1 && workers <= WORKERS_MAX) return workers;
  throw new UsageError(`--workers takes a whole number from 1 to ${WORKERS_MAX}, not '${text}'`);
}

/** A folder, which ends in a slash; the root where none is given. */
export function folderArgument(text = '/'): ResourcePath {
  const path = pathArgument(text);
  if (isFolder(path)) return path;
  throw new UsageError(`a folder ends in a slash: ${path}/`);
}
