/** The time of two denies of which one is to stand for both. `null` is: from ever, or for ever. */

export interface WindowRow {
  readonly not_before: number | null;
  readonly expires_at: number | null;
}

export function timeOfBoth(a: WindowRow, b: WindowRow): WindowRow {
  return {
    not_before: earlier(a.not_before, b.not_before),
    expires_at: later(a.expires_at, b.expires_at),
  };
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.min(a, b);
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}
