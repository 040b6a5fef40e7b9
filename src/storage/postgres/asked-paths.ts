/** Many paths in one statement: the first parameter, as a table whose rows are found by the index of another one. */

import { isPath } from './path-key.js';

/** Each once. */
export const ASKED = '(SELECT DISTINCT unnest($1::text[]) COLLATE "C" AS path) AS asked';

/** @param column with the name of its table */
export function isAsked(column: string): string {
  return isPath('asked.path', column);
}
