/**
 * How SQL finds paths. An index of PostgreSQL holds 2,700 bytes, a path may have 4,096: indexes are over the first 500
 * characters and, of a longer path, a digest of all of it. These conditions are the ones that the indexes answer.
 *
 * `value` is a parameter with its type (`$1::text`), or a column of `COLLATE "C"`.
 */

export const KEY_CHARACTERS = 500;

/** The columns of an index, and the target of an ON CONFLICT. */
export function pathKey(column = 'path'): string {
  return `left(${column}, ${KEY_CHARACTERS}), path_rest(${column})`;
}

export function isPath(value: string, column = 'path'): string {
  return `(${start(column)} = ${start(value)} AND path_rest(${column}) = path_rest(${value}) AND ${column} = ${value})`;
}

/** From `from` on, itself included, and before `end`. */
export function isWithin(from: string, end: string, column = 'path'): string {
  return `(${start(column)} >= ${start(from)} AND ${start(column)} <= ${start(end)} AND ${column} >= ${from} AND ${column} < ${end})`;
}

/** Behind `from`, and before `end`. */
export function isBetween(from: string, end: string, column = 'path'): string {
  return `(${start(column)} >= ${start(from)} AND ${start(column)} <= ${start(end)} AND ${column} > ${from} AND ${column} < ${end})`;
}

/** The order of bytes. */
export function inPathOrder(column = 'path'): string {
  return `${start(column)}, ${column}`;
}

function start(text: string): string {
  return `left(${text}, ${KEY_CHARACTERS})`;
}
