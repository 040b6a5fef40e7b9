/** A family of metrics as Prometheus reads it (text format 0.0.4), read when it is asked for; and how all are shown. */

import type { Metric, Registry } from 'prom-client';

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string | number>>;
  /** Of a histogram: the family's name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

export interface Family {
  readonly name: string;
  /** A sentence, with the unit where the name has none. */
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  read(): readonly Sample[] | Promise<readonly Sample[]>;
}

export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Of one value, which may be unknown: then there is no sample. */
export function gauge(
  name: string,
  help: string,
  read: () => number | undefined | Promise<number | undefined>,
): Family {
  return { name, help, type: 'gauge', read: async () => one(await read()) };
}

export function counter(name: string, help: string, read: () => number): Family {
  return { name, help, type: 'counter', read: () => one(read()) };
}

function one(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }];
}

/**
 * The families, and what prom-client knows of every Node process. It is loaded, and begins to watch the event loop, at
 * the first question: where nobody asks it costs nothing.
 */
export function exposition(families: readonly Family[]): () => Promise<Exposition> {
  let opened: Promise<Exposition> | undefined;
  return () => {
    opened ??= open(families);
    return opened;
  };
}

async function open(families: readonly Family[]): Promise<Exposition> {
  const { default: client } = await import('prom-client');
  const registry: Registry = new client.Registry();
  for (const family of families) {
    // prom-client's own classes keep their values; of ours it calls `get` alone, as of those that it merges itself.
    const read = { ...family, get: async () => ({ ...family, values: await family.read() }) };
    registry.registerMetric(read as unknown as Metric);
  }
  client.collectDefaultMetrics({ register: registry });
  return { contentType: registry.contentType, text: () => registry.metrics() };
}
