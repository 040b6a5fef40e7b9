/**
 * Keeps a service's resident memory near what its cache is allowed (docs/operations.md, "Memory"). V8 by itself
 * collects late: it lets the old generation grow to several times what is alive, and the young one to 100 MiB, so
 * that an authorizer with a cache of 16 MiB took 370.
 */

import { setFlagsFromString } from 'node:v8';

/**
 * For Node's own command line, since V8 reads it when it starts. In MiB; the young generation has three of the first. The
 * second is what the old one may have before it is collected at all: few modules are loaded, and what V8 makes of that
 * would be collected again and again while the cache fills.
 */
export const HEAP_ARGS: readonly string[] = ['--max-semi-space-size=16', '--initial-old-space-size=96'];

/**
 * Of the files service, which has no cache to fill: what it makes is gone with its request, or with its start. With 16 it
 * kept 28 MiB of what its modules had left.
 */
export const FILES_HEAP_ARGS: readonly string[] = ['--max-semi-space-size=2'];

/** By how much the old generation may outgrow what was alive at the last collection. */
const GROWING_PERCENT = 60;

/** Once, before the service fills its cache; V8 reads it at each collection. */
export function collectEarly(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
