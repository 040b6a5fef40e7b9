/**
 * Where what the files service has done for an operator's command is in force, when others decide by the same store: the
 * command waits for it through the service, which knows the store that it has changed. For the operator's socket alone.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Receipts } from '../acl/fleet-ports.js';
import type { AclStore } from '../acl/ports.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';

export interface OperatorReceiptsDeps {
  readonly acl: Pick<AclStore, 'revision'>;
  /** `undefined`: nobody else decides by the store, or all see a change at once. */
  readonly receipts: Receipts | undefined;
}

const NOTHING = { schema: { querystring: NO_QUERY, body: Type.Object({}, CLOSED) } };
const REVISION = {
  schema: { querystring: NO_QUERY, body: Type.Object({ revision: Type.Integer() }, CLOSED) },
};

export function operatorReceipts(instance: FastifyInstance, { acl, receipts }: OperatorReceiptsDeps): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();
  app.post('/position', NOTHING, async () => {
    return { revision: await acl.revision(), others: receipts !== undefined };
  });
  if (receipts === undefined) return;
  app.post('/receipt', REVISION, ({ body }) => receipts.receiptOf(body.revision));
  app.post('/bound', NOTHING, async () => ({ boundMs: await receipts.boundMs() }));
}
