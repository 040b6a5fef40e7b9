/** Values of settings that are numbers: sizes in bytes, counts, and durations in milliseconds. */

import { parseDuration } from '../acl/instant.js';
import { SettingProblem } from './setting-problem.js';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

const UNITS: Readonly<Record<string, number>> = { '': 1, k: KIB, m: MIB, g: GIB };

/** `10g`, `64m`, `512k`, `1000`: bytes, with nginx's own units. */
export function size(given: string): number {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(given);
  const bytes = Number(match?.[1]) * (UNITS[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new SettingProblem(`takes a size such as 64m or 10g, not '${given}'`);
}

/** A size, or 0 for none. */
export function sizeOrNone(given: string): number {
  return given === '0' ? 0 : size(given);
}

export function atLeast(least: number): (given: string) => number {
  return (given) => {
    const bytes = size(given);
    if (bytes >= least) return bytes;
    throw new SettingProblem(`takes at least ${least} bytes, not '${given}'`);
  };
}

export function count(given: string): number {
  const number = /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (number > 0) return number;
  throw new SettingProblem(`takes a whole number from 1 to 999999, not '${given}'`);
}

export function atMost(most: number): (given: string) => number {
  return (given) => {
    const number = /^\d{1,9}$/.test(given) ? Number(given) : 0;
    if (number >= 1 && number <= most) return number;
    throw new SettingProblem(`takes a whole number from 1 to ${most}, not '${given}'`);
  };
}

/** `90s`, `30m`, `8h`, `7d`: milliseconds. */
export function duration(given: string): number {
  const found = parseDuration(given);
  if (found !== undefined) return found;
  throw new SettingProblem(`takes a duration such as 30m, 8h or 7d, not '${given}'`);
}

/** As `duration`, or `0`. */
export function durationOrNone(given: string): number {
  return given === '0' ? 0 : duration(given);
}

/** nginx waits five minutes for the files service. */
const SCAN_MS_MAX = 4 * 60 * 1000;

export function scanTimeout(given: string): number {
  const found = duration(given);
  if (found <= SCAN_MS_MAX) return found;
  throw new SettingProblem(`takes up to 4m, not '${given}': nginx would not wait for it`);
}

/** Milliseconds. Below it a poll of the store would be late by chance; above it nobody would call it a revoke. */
const STALENESS_MIN_MS = 200;
export const STALENESS_MAX_MS = 60_000;

export function staleness(given: string): number {
  const ms = /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (ms >= STALENESS_MIN_MS && ms <= STALENESS_MAX_MS) return ms;
  throw new SettingProblem(
    `takes milliseconds, from ${STALENESS_MIN_MS} to ${STALENESS_MAX_MS}, not '${given}'`,
  );
}
