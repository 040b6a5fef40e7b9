/**
 * A connection to Redis by its address: it connects again for ever, with bounded delays, and a command that cannot go
 * out now, or is not answered soon, fails. Its errors must never end the process.
 */

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { tlsRemedy } from '../tls-remedies.js';
import { briefSentinels } from './brief-sentinels.js';
import type { RedisAddress } from './redis-address.js';
import { tlsOptions } from './redis-tls.js';

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 1_000;
/** Who says goodbye has nothing more to send, and a command waits for it at its end. */
const GOODBYE_MS = 50;
const RETRY_MS = 50;
const RETRY_MS_MAX = 1_000;
const KEEP_ALIVE_MS = 10_000;

const TLS_WORDS = { authority: 'cacert=', certificate: 'cert= and key=' };

export type RedisClient = Redis | Cluster;

/** @param onError told of every failure to connect, each time */
export function openRedisClient(address: RedisAddress, onError: (error: Error) => void): RedisClient {
  const client =
    address.kind === 'cluster' ? clusterOf(address, onError) : new Redis(optionsOf(address, onError));
  client.on('error', onError);
  return client;
}

/** As it may be logged, and with what is to be done about TLS: the driver's own has the command that was refused, and of AUTH that is the password. */
export function withoutSecrets(error: unknown, { password, sentinelPassword, tls }: RedisAddress): Error {
  const { message, code, lastNodeError } = error as Error & { code?: string; lastNodeError?: Error };
  let told = [message || code || 'Redis is away', lastNodeError?.message].filter(Boolean).join(' ');
  const remedy = tlsRemedy(lastNodeError ?? error, TLS_WORDS);
  if (remedy !== undefined) told += `: ${remedy}`;
  // Without TLS Redis waits for the end of a line, which a handshake has not.
  else if (tls !== undefined && code === 'ETIMEDOUT') told += ': it is away, or speaks no TLS on that port';
  // Of a command that it does not know Redis repeats the arguments.
  for (const secret of [password, sentinelPassword]) if (secret) told = told.replaceAll(secret, '********');
  return new Error(told);
}

type OnError = (error: Error) => void;

function clusterOf(address: RedisAddress, onError: OnError): Cluster {
  return new Cluster([...address.hosts], {
    clusterRetryStrategy: retryAfter,
    enableOfflineQueue: false,
    redisOptions: commonOf(address, onError),
  });
}

function optionsOf(address: RedisAddress, onError: OnError) {
  const { kind, hosts, master, sentinelPassword, tls, db } = address;
  const place =
    kind === 'sentinel'
      ? {
          Connector: briefSentinels(GOODBYE_MS),
          sentinels: [...hosts],
          name: master ?? '',
          sentinelRetryStrategy: retryAfter,
          sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
          enableTLSForSentinelMode: tls !== undefined,
          ...(tls && { sentinelTLS: tlsOptions(tls, onError) }),
          ...(sentinelPassword !== undefined && { sentinelPassword }),
        }
      : { ...hosts[0] };
  return { ...commonOf(address, onError), ...place, db, retryStrategy: retryAfter } satisfies RedisOptions;
}

function commonOf({ username, password, tls }: RedisAddress, onError: OnError) {
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
    ...(tls && { tls: tlsOptions(tls, onError) }),
  } satisfies RedisOptions;
}

function retryAfter(times: number): number {
  return Math.min(times * RETRY_MS, RETRY_MS_MAX);
}
