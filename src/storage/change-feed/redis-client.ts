/**
 * A connection to Redis by its address: it connects again for ever, with bounded delays, and a command that cannot go
 * out now, or is not answered soon, fails. Its errors must never end the process.
 */

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { briefSentinels } from './brief-sentinels.js';
import type { RedisAddress } from './redis-address.js';

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 1_000;
/** Who says goodbye has nothing more to send, and a command waits for it at its end. */
const GOODBYE_MS = 50;
const RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;
const KEEP_ALIVE_MS = 10_000;

export type RedisClient = Redis | Cluster;

/** @param onError told of every failure to connect, each time */
export function openRedisClient(address: RedisAddress, onError: (error: Error) => void): RedisClient {
  const client = address.kind === 'cluster' ? clusterOf(address) : new Redis(optionsOf(address));
  client.on('error', onError);
  return client;
}

/** As it may be logged: the driver's own has the command that was refused, and of AUTH that is the password. */
export function withoutSecrets(error: unknown, { password, sentinelPassword }: RedisAddress): Error {
  const { message, code, lastNodeError } = error as Error & { code?: string; lastNodeError?: Error };
  let told = [message || code || 'Redis is away', lastNodeError?.message].filter(Boolean).join(' ');
  // Of a command that it does not know Redis repeats the arguments.
  for (const secret of [password, sentinelPassword]) if (secret) told = told.replaceAll(secret, '********');
  return new Error(told);
}

function clusterOf(address: RedisAddress): Cluster {
  return new Cluster([...address.hosts], {
    clusterRetryStrategy: retryAfter,
    enableOfflineQueue: false,
    redisOptions: commonOf(address),
  });
}

function optionsOf(address: RedisAddress) {
  const { kind, hosts, master, sentinelPassword, isTls, db } = address;
  const place =
    kind === 'sentinel'
      ? {
          Connector: briefSentinels(GOODBYE_MS),
          sentinels: [...hosts],
          name: master ?? '',
          sentinelRetryStrategy: retryAfter,
          sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
          enableTLSForSentinelMode: isTls,
          ...(isTls && { sentinelTLS: {} }),
          ...(sentinelPassword !== undefined && { sentinelPassword }),
        }
      : { ...hosts[0] };
  return { ...commonOf(address), ...place, db, retryStrategy: retryAfter } satisfies RedisOptions;
}

function commonOf({ username, password, isTls }: RedisAddress) {
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    disconnectTimeout: GOODBYE_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    keepAlive: KEEP_ALIVE_MS,
    connectionName: 'latchkey',
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  } satisfies RedisOptions;
}

function retryAfter(times: number): number {
  return Math.min(times * RETRY_MS, RETRY_MS_MAX);
}
