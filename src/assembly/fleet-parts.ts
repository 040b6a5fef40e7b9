/**
 * What a process has of the others that decide by the same store, from a Config: nothing with SQLite, which all of one
 * machine read at once. Redis and the driver of PostgreSQL are loaded where they are configured.
 */

import { randomUUID } from 'node:crypto';
import type { Following, Receipts } from '../acl/fleet-ports.js';
import type { FactsSource, Store, UsageStore } from '../acl/ports.js';
import type { Config } from '../config.js';
import { isThere, processName, processPlace } from '../host/this-process.js';
import type { FleetFigures } from '../metrics/fleet-metrics.js';
import type { ChangeFeed } from '../storage/change-feed/change-feed.js';
import { FleetMember } from '../storage/fleet-member.js';
import type { OutageListener } from '../storage/outage.js';
import type { Fence } from '../storage/postgres/fenced-database.js';
import { WaitingReceipts } from '../storage/waiting-receipts.js';
import { checkFacts, openFacts, openStore } from './foundations.js';

export const clocks = { monotonic: () => performance.now(), wall: () => Date.now() };

export interface FleetLog {
  info(message: string): void;
  warn(problem: { readonly err: unknown }, message: string): void;
}

/** A process of several that decide by one store. */
export interface Fleet {
  readonly member: FleetMember;
  readonly figures: FleetFigures;
  /** From when on there is a log. */
  start(log: FleetLog): void;
}

export interface FleetFacts {
  readonly facts: FactsSource;
  readonly usage: UsageStore;
  readonly fleet: Fleet | undefined;
  close(): Promise<void>;
}

/** For an authorizer. @throws when it cannot be opened, with the database's name */
export async function openFleetFacts(config: Config): Promise<FleetFacts> {
  const opened = await openFacts(config);
  const fleet = await join(config, 'authorizer', opened);
  if (fleet === undefined) return { ...opened, fleet };
  return {
    ...opened,
    facts: fleet.member.facts,
    fleet,
    close: async () => {
      await fleet.leave();
      await opened.close();
    },
  };
}

/** Asks the store, and tells of the fleet what `/readyz` shows. */
export function readiness(facts: FactsSource, fleet: Fleet | undefined) {
  return async () => {
    await checkFacts(facts);
    if (fleet === undefined) return undefined;
    const { ageMs, revision, isListening } = fleet.figures;
    return {
      stalenessMs: Math.max(0, Math.round(ageMs())),
      revision: revision(),
      changeFeed: isListening() ? 'listening' : 'away',
    };
  };
}

export interface FleetStore {
  readonly store: Store;
  readonly fleet: Fleet | undefined;
  readonly receipts: (Receipts & Following) | undefined;
}

/** For the files service, which decides and writes. What it has written it knows at once. */
export async function openFleetStore(config: Config, fence?: Fence): Promise<FleetStore> {
  let fleet: JoinedFleet | undefined;
  const opened = await openStore(config, (revision) => fleet?.member.committed(revision), fence);
  fleet = await join(config, 'files', opened);
  if (fleet === undefined) return { store: opened, fleet, receipts: undefined };
  const { member, leave, receipts } = fleet;
  const close = async () => {
    await leave();
    await opened.close();
  };
  return { store: { ...opened, facts: member.facts, close }, fleet, receipts };
}

/** For a command, which is over before anybody could hear of it. */
export async function openCommandStore(config: Config, fence?: Fence): Promise<Omit<FleetStore, 'fleet'>> {
  const { database } = config;
  if (database.kind === 'sqlite') return { store: await openStore(config), receipts: undefined };
  const feed = config.redis === undefined ? undefined : await openFeed(config, database.url, IGNORED);
  try {
    const opened = await openStore(config, (revision) => feed?.publish(revision), fence);
    const { openPostgresAuthorizers } = await import('../storage/postgres/open-fleet.js');
    const { authorizers, close } = openPostgresAuthorizers(database.url);
    const closeAll = async () => {
      await Promise.all([feed?.close(), close()]);
      await opened.close();
    };
    const receipts = new WaitingReceipts(authorizers, clocks, config.stalenessMaxMs);
    return { store: { ...opened, close: closeAll }, receipts };
  } catch (error) {
    await feed?.close();
    throw error;
  }
}

interface JoinedFleet extends Fleet {
  readonly receipts: Receipts & Following;
  leave(): Promise<void>;
}

/** `opened` is closed where that fails. */
async function join(
  config: Config,
  role: string,
  opened: Pick<Store, 'facts' | 'close'>,
): Promise<JoinedFleet | undefined> {
  const { database, stalenessMaxMs } = config;
  if (database.kind === 'sqlite') return undefined;
  const { openPostgresAuthorizers } = await import('../storage/postgres/open-fleet.js');
  const { authorizers, close } = openPostgresAuthorizers(database.url);
  let log: FleetLog | undefined;
  const outage = (lost: string, found: string): OutageListener => ({
    onLost: (err) => log?.warn({ err }, lost),
    onFound: () => log?.info(found),
  });
  const feed = await openFeed(config, database.url, outage(...FEED_MESSAGES));
  try {
    const { pid } = process;
    const self = { id: randomUUID(), name: processName(role), place: processPlace(), pid, stalenessMaxMs };
    const member = await FleetMember.join({
      self,
      source: opened.facts,
      announcements: authorizers,
      feed,
      clocks,
      isThere,
    });
    return {
      member,
      figures: {
        ageMs: () => member.facts.ageMs(),
        stalenessMaxMs,
        revision: () => member.facts.revision,
        isListening: () => member.isListening,
      },
      receipts: new WaitingReceipts(authorizers, clocks, stalenessMaxMs),
      start: (started) => {
        log = started;
        member.start({ polls: outage(...POLL_MESSAGES), announcements: outage(...ANNOUNCE_MESSAGES) });
      },
      leave: async () => {
        await member.leave();
        await close();
      },
    };
  } catch (error) {
    await Promise.all([feed.close(), close(), opened.close()]);
    throw error;
  }
}

async function openFeed({ redis }: Config, database: string, listener: OutageListener): Promise<ChangeFeed> {
  if (redis === undefined) {
    const { ListenFeed } = await import('../storage/postgres/open-fleet.js');
    return new ListenFeed(database, listener);
  }
  const { RedisFeed } = await import('../storage/change-feed/redis-feed.js');
  return new RedisFeed(redis, listener);
}

const IGNORED: OutageListener = { onLost: () => {}, onFound: () => {} };
const FEED_MESSAGES = [
  'the change feed is away: changes are found by polling',
  'the change feed is back',
] as const;
const POLL_MESSAGES = ['the store does not answer', 'the store answers again'] as const;
const ANNOUNCE_MESSAGES = [
  'the store cannot be told how far this process has followed it: who revokes waits for it in vain',
  'the store is told again how far this process has followed it',
] as const;
