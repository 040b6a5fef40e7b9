/** Instants and durations as people write them, in UTC milliseconds. Pure. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

/** RFC 3339, or a date alone, which is its first moment in UTC. A time without a zone is refused. */
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** The years that ISO 8601 writes with four digits: beyond them a stored instant could not be written again. */
const INSTANT_MIN = Date.UTC(-1, 12);
const INSTANT_MAX = Date.UTC(10_000, 0) - 1;

/** Whether UTC milliseconds can be an instant: whole, and of a year from 0000 to 9999. */
export function isInstant(milliseconds: number): boolean {
  return Number.isInteger(milliseconds) && milliseconds >= INSTANT_MIN && milliseconds <= INSTANT_MAX;
}

/** UTC milliseconds of `2027-01-31`, `2027-01-31T12:00Z` or `2027-01-31T12:00:00.000+01:00`. */
export function parseInstant(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined;
  const instant = Date.parse(text);
  if (!isInstant(instant)) return undefined;
  // Date.parse takes 30 February for 2 March: a date that does not come back as it went in is none.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? instant : undefined;
}

/** Milliseconds of `90s`, `30m`, `48h`, `7d`, `2w`. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhdw])$/.exec(text);
  const duration = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  return Number.isSafeInteger(duration) && duration > 0 ? duration : undefined;
}

export function formatInstant(instant: number): string {
  return new Date(instant).toISOString();
}
