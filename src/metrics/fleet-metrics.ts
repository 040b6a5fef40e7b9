/** What a process that decides from memory tells of how far it follows the store of a fleet. */

import { type Family, gauge } from './family.js';

export interface FleetFigures {
  /** Infinity before the store has answered for the first time. */
  readonly ageMs: () => number;
  readonly stalenessMaxMs: number;
  /** -1 before that. */
  readonly revision: () => number;
  readonly isListening: () => boolean;
}

const MS_IN_SECOND = 1_000;

export function fleetMetrics(figures: FleetFigures): readonly Family[] {
  const { ageMs, stalenessMaxMs, revision, isListening } = figures;
  return [
    gauge('latchkey_staleness_seconds', 'How old what is known of the store may be.', () => {
      const age = ageMs();
      return Number.isFinite(age) ? Math.max(0, age) / MS_IN_SECOND : undefined;
    }),
    gauge(
      'latchkey_staleness_max_seconds',
      'LATCHKEY_STALENESS_MAX_MS: beyond it each decision asks the store.',
      () => stalenessMaxMs / MS_IN_SECOND,
    ),
    gauge('latchkey_followed_revision', 'No decision is made from before this change of the store.', () =>
      revision() < 0 ? undefined : revision(),
    ),
    gauge('latchkey_feed_up', '1: changes are heard of at once; 0: they are found by polling.', () =>
      isListening() ? 1 : 0,
    ),
  ];
}
