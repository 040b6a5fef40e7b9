/** The words of the API's requests as the core's types; a wrong one is a BadRequest that says what would be right. */

import { parseInstant } from '../acl/instant.js';
import { type Principal, parsePrincipal } from '../acl/principal.js';
import { parseResourcePath, pathProblem, type ResourcePath } from '../acl/resource-path.js';
import { BadRequest } from './problem.js';

export function pathIn(text: string): ResourcePath {
  const path = parseResourcePath(text);
  if (path === undefined) throw new BadRequest(`path is no resource path: ${pathProblem(text)}.`);
  return path;
}

export function principalIn(text: string): Principal {
  const principal = parsePrincipal(text);
  if (principal !== undefined) return principal;
  throw new BadRequest('principal is user:NAME, group:NAME, authenticated or anyone.');
}

export function instantIn(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  throw new BadRequest(`${name} is an ISO 8601 time with a zone, such as 2027-01-31T12:00:00Z.`);
}
