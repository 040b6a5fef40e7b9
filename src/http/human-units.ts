/** Sizes, dates and durations as people read them, the same for everybody: a page without scripts knows no time zone. */

import { isInstant } from '../acl/instant.js';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const STEP = 1000;
/** Seconds; the largest first. */
const DURATIONS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** `0 B`, `999 B`, `1.5 kB`, `12 MB`: powers of ten, two figures at the least. */
export function humanSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // Of what would be rounded up to it, the next unit is said: never '1000 kB'.
  while (Number(figures(value, unit)) >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit++;
  }
  return `${figures(value, unit)} ${UNITS[unit]}`;
}

function figures(value: number, unit: number): string {
  return unit === 0 || value >= 9.95 ? value.toFixed(0) : value.toFixed(1);
}

/** `2026-11-25 14:03 UTC`; '' of an instant that has no such form: a disk may hold any. */
export function humanInstant(ms: number): string {
  return isInstant(ms) ? `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC` : '';
}

/** `30 days`, `1 hour`, `90 minutes`: whole, and never rounded. @param seconds whole, more than none */
export function humanDuration(seconds: number): string {
  const [unit, each] = DURATIONS.find(([, divisor]) => seconds % divisor === 0) ?? (['second', 1] as const);
  const count = seconds / each;
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
