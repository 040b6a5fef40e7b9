/**
 * What may become of the parts of a fleet, each with the instant at which somebody's right goes that is the worst for it,
 * and with what is seen of it before it ends. `suffer` goes through one of them.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../nginx/running-site.js';
import type { Postgres } from '../postgres.js';
import type { RedisServer } from '../storage/redis-server.js';
import type { Changed, Scene } from './alternating.js';
import type { FleetNode } from './nodes.js';

const LIMIT_MS = 60_000;
/** The one that is cut off, or paused. */
const FIRST = [0];

export interface Fault {
  readonly name: string;
  /** `revoke` takes the right of `HELD` away, and is called once. */
  begin(revoke: () => Promise<void>): Promise<void>;
  /** Seen by those that suffer it. */
  met(): Promise<unknown>;
  end(): Promise<void> | void;
}

/** The file whose visitor may read it throughout, and the one whose visitor's right goes with each fault. */
export const KEPT = '/kept.txt';
export const HELD = '/held.txt';

export function redisFaults({ nodes: { all } }: Scene, redis: RedisServer): readonly Fault[] {
  const [first] = all;
  return [
    {
      name: 'Redis is killed, and started again',
      begin: (revoke) => redis.kill().then(revoke),
      met: () => untilFeed(all, 'away'),
      end: () => redis.start(),
    },
    {
      name: 'Redis is stopped, and goes on',
      begin: (revoke) => {
        redis.signal('SIGSTOP');
        return revoke();
      },
      met: () => untilFeed(all, 'away'),
      end: () => redis.signal('SIGCONT'),
    },
    {
      name: 'Redis is cut off from one node',
      begin: (revoke) => {
        first?.toRedis?.cut();
        return revoke();
      },
      met: () => untilFeed(all.slice(0, 1), 'away'),
      end: () => first?.toRedis?.mend(),
    },
  ];
}

export function postgresFaults({ nodes: { all }, each }: Scene, server: Postgres): readonly Fault[] {
  const [first] = all;
  const untilUnknown = (nodes?: readonly number[]) =>
    each.until(KEPT, { sentAfter: performance.now(), status: 503, ...(nodes && { nodes }) });
  return [
    {
      name: 'PostgreSQL is cut off from one node',
      begin: (revoke) => {
        first?.toPostgres.cut();
        return revoke();
      },
      met: () => untilUnknown(FIRST),
      end: () => first?.toPostgres.mend(),
    },
    {
      name: 'one node is cut off from all',
      begin: (revoke) => {
        first?.toPostgres.cut();
        first?.toRedis?.cut();
        return revoke();
      },
      met: () => untilUnknown(FIRST),
      end: () => {
        first?.toPostgres.mend();
        first?.toRedis?.mend();
      },
    },
    {
      name: 'PostgreSQL is killed, and started again',
      begin: (revoke) => revoke().then(() => server.crash()),
      met: () => untilUnknown(),
      end: () => server.start(),
    },
    {
      name: 'an authorizer is paused, and goes on',
      begin: (revoke) => {
        process.kill(first?.authorizer.running.pid ?? 0, 'SIGSTOP');
        return revoke();
      },
      met: () => untilUnknown(FIRST),
      end: () => void process.kill(first?.authorizer.running.pid ?? 0, 'SIGCONT'),
    },
  ];
}

export interface Suffered {
  readonly name: string;
  /** From the end of the fault, when a server that was started takes connections, until each node served a visitor who may. */
  readonly servedAfterMs: number;
  /** What that visitor was answered meanwhile, by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** @param holdMs for how long it goes on when it has been met */
export async function suffer(scene: Scene, fault: Fault, holdMs: number): Promise<Suffered> {
  const { judged, each } = scene;
  await (await scene.change(HELD, 'granted')).isEffective;
  await each.until(HELD, { sentAfter: judged.from(HELD), status: 200 });
  const before = each.counts(KEPT);
  let revoked: Changed | undefined;
  try {
    await fault.begin(async () => {
      revoked = await scene.change(HELD, 'revoked');
    });
    await fault.met();
    await pause(holdMs);
    await revoked?.isEffective;
    await each.until(HELD, { sentAfter: judged.from(HELD) });
  } finally {
    await fault.end();
  }
  const endedAt = performance.now();
  const [servedAt] = await Promise.all([
    each.until(KEPT, { sentAfter: endedAt, status: 200 }),
    each.until(HELD, { sentAfter: endedAt, status: 403 }),
    untilFeed(scene.nodes.all, 'listening'),
  ]);
  return {
    name: fault.name,
    servedAfterMs: servedAt - endedAt,
    statuses: difference(each.counts(KEPT), before),
  };
}

export function untilFeed(nodes: readonly FleetNode[], state: 'listening' | 'away') {
  return until(
    () => Promise.all(nodes.map(({ authorizer }) => feedOf(authorizer))),
    (states) => states.every((one) => one === state),
    LIMIT_MS,
  );
}

async function feedOf(authorizer: FleetNode['authorizer']): Promise<string> {
  const text = await authorizer.tell('/readyz');
  return text === '' ? 'none' : ((JSON.parse(text) as { changeFeed?: string }).changeFeed ?? 'unready');
}

function difference(after: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>) {
  const pairs = Object.entries(after).map(
    ([status, count]) => [status, count - (before[status] ?? 0)] as const,
  );
  return Object.fromEntries(pairs.filter(([, count]) => count > 0));
}
