/** A receipt in the words of the CLI and the API. */

import type { Receipt } from './fleet-ports.js';
import { formatInstant } from './instant.js';

const MS_IN_SECOND = 1_000;

/** `effective on 3/3 authorizers in 41 ms` */
export function receiptLine({ confirmed, authorizers, tookMs }: Receipt): string {
  if (authorizers === 0) return 'effective: no authorizer is running';
  return `effective on ${confirmed}/${authorizers} authorizers in ${tookMs} ms`;
}

/** One for each that has not confirmed. */
export function receiptWarnings({ unconfirmed, certainAt }: Receipt): readonly string[] {
  return unconfirmed.map(({ name, unseenMs, stalenessMaxMs }) =>
    unseenMs > stalenessMaxMs
      ? `${name} was not seen for ${Math.round(unseenMs / MS_IN_SECOND)} s; it asks the store itself`
      : `${name} has not confirmed; it may have been wrong until ${formatInstant(certainAt)}, and no longer`,
  );
}

/** For operators: it names machines. */
export function receiptJson(receipt: Receipt) {
  const unconfirmed = receipt.unconfirmed.map(({ name, unseenMs }) => ({ name, unseenMs }));
  return { ...receiptCounts(receipt), unconfirmed };
}

/** For whoever has changed something, without a name. */
export function receiptCounts({ confirmed, authorizers, tookMs, certainAt }: Receipt) {
  return { confirmed, authorizers, tookMs, certainAt: formatInstant(certainAt) };
}
