/**
 * The field `effective` of an answer that takes a right away: where that is in force, when others decide by the store. A
 * visitor is told how many; the machines that have not confirmed are named in the log.
 */

import type { FastifyBaseLogger } from 'fastify';
import { Type } from 'typebox';
import type { Receipts } from '../acl/fleet-ports.js';
import type { AclStore } from '../acl/ports.js';
import { receiptCounts, receiptWarnings } from '../acl/receipt-json.js';

type Log = Pick<FastifyBaseLogger, 'warn'>;

export const EffectiveSchema = Type.Optional(
  Type.Object(
    {
      confirmed: Type.Integer({ description: 'how many authorizers have said that they decide by it' }),
      authorizers: Type.Integer(),
      tookMs: Type.Integer(),
      certainAt: Type.String({ description: 'from then on none of them can be wrong' }),
    },
    { description: 'with PostgreSQL: where it is in force; absent: that could not be found out' },
  ),
);

export interface Told {
  readonly effective?: ReturnType<typeof receiptCounts>;
}

/** Waits no longer than an authorizer may be behind. The change is made, whatever becomes of this. */
export async function effectiveOn(receipts: Receipts | undefined, revision: number, log: Log): Promise<Told> {
  if (receipts === undefined) return {};
  try {
    const receipt = await receipts.receiptOf(revision);
    for (const warning of receiptWarnings(receipt)) log.warn(warning);
    return { effective: receiptCounts(receipt) };
  } catch (err) {
    log.warn({ err }, UNKNOWN);
    return {};
  }
}

export interface Followers {
  readonly acl: Pick<AclStore, 'revision'>;
  readonly receipts: Receipts | undefined;
}

/** The same of all that the store has by now, where what was done is more than one change. */
export async function effectiveNow({ acl, receipts }: Followers, log: Log): Promise<Told> {
  if (receipts === undefined) return {};
  try {
    return await effectiveOn(receipts, await acl.revision(), log);
  } catch (err) {
    log.warn({ err }, UNKNOWN);
    return {};
  }
}

const UNKNOWN = 'which authorizers decide by a change is not known';
