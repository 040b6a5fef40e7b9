/**
 * The HTTP API of quotas, below /_latchkey/api/v1/quotas. Administrators set them; a user may read their own, and whoever
 * manages a folder may read that folder's.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { isUser } from '../acl/principal.js';
import { isFolderSubject, type QuotaLimits, type QuotaSubject } from '../acl/quota.js';
import { quotaJson } from '../acl/quota-json.js';
import type { QuotaStore } from '../acl/quota-ports.js';
import { isFolder, ROOT } from '../acl/resource-path.js';
import { API_PREFIX } from './acl-routes.js';
import { pathIn, principalIn } from './api-values.js';
import type { Gate, Visitor } from './gate.js';
import { BadRequest } from './problem.js';
import { listQuotasSchema, putQuotaSchema, removeQuotaSchema } from './quota-schemas.js';

const QUOTAS = `${API_PREFIX}/quotas`;

export interface QuotaDeps {
  readonly gate: Gate;
  readonly quotas: QuotaStore;
  /** Of every user who has no quota of their own. */
  readonly userLimits: QuotaLimits;
}

export function quotaRoutes(instance: FastifyInstance, { gate, quotas, userLimits }: QuotaDeps): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(QUOTAS, { schema: listQuotasSchema }, async (request) => {
    const who = await gate.identifyOwn(request);
    if (request.query.subject === undefined) {
      await requireAdministrator(gate, who);
      return { quotas: (await quotas.quotas()).map(quotaJson) };
    }
    const subject = subjectIn(request.query.subject);
    const isOwn = !isFolderSubject(subject) && who.subject.user === subject;
    if (!isOwn) await gate.require(who, 'manage', isFolderSubject(subject) ? subject : ROOT);
    const own = await quotas.quota(subject);
    if (own !== undefined) return { quotas: [quotaJson(own)] };
    if (isFolderSubject(subject)) return { quotas: [] };
    return { quotas: [quotaJson({ subject, ...userLimits, used: await quotas.used(subject) })] };
  });

  app.put(QUOTAS, { schema: putQuotaSchema }, async (request) => {
    const { subject: text, bytesMax, filesMax } = request.body;
    const subject = subjectIn(text);
    await requireAdministrator(gate, await gate.identifyOwn(request));
    const limits = { subject, bytesMax, filesMax };
    await quotas.setQuota(limits);
    return quotaJson({ ...limits, used: await quotas.used(subject) });
  });

  app.delete(QUOTAS, { schema: removeQuotaSchema }, async (request) => {
    const subject = subjectIn(request.query.subject);
    await requireAdministrator(gate, await gate.identifyOwn(request));
    return { removed: await quotas.removeQuota(subject) };
  });
}

/** Whoever manages everything. */
async function requireAdministrator(gate: Gate, who: Visitor): Promise<void> {
  await gate.require(who, 'manage', ROOT);
}

function subjectIn(text: string): QuotaSubject {
  if (!text.startsWith('/')) {
    const principal = principalIn(text);
    if (isUser(principal)) return principal;
    throw new BadRequest('A quota is of a user, such as user:alice, or of a folder, such as /team/.');
  }
  const path = pathIn(text);
  if (isFolder(path)) return path;
  throw new BadRequest('A quota is of a folder, not of a file; end the path in a slash.');
}
