/**
 * Sentinels, asked as the driver asks them, but left without waiting: its own client of each waits two seconds behind its
 * goodbye, also to one that has refused it, and a command would end no sooner. The method is the driver's own, and no part
 * of what it promises: where a later version has none of that name, commands end late again, and a test says so.
 */

import { type Redis, type RedisOptions, SentinelConnector } from 'ioredis';

type OpenConnector = NonNullable<RedisOptions['Connector']>;

interface Asking {
  connectToSentinel(endpoint: object, options?: RedisOptions): Redis;
}

const Driver = SentinelConnector as unknown as new (options: unknown) => Asking;

/** @param goodbyeMs what a Sentinel is waited for that does not answer to a goodbye */
export function briefSentinels(goodbyeMs: number): OpenConnector {
  const Brief = class extends Driver {
    override connectToSentinel(endpoint: object, options: RedisOptions = {}): Redis {
      return super.connectToSentinel(endpoint, { ...options, disconnectTimeout: goodbyeMs });
    }
  };
  return Brief as unknown as OpenConnector;
}
