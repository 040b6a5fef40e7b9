/**
 * The HTTP API of grants and decisions, below /_latchkey/api/v1/: for whoever may `manage` the path asked
 * about, and administrators.
 */

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { ACTIONS, andGreater } from '../acl/action.js';
import type { Authorizer, Question } from '../acl/authorizer.js';
import { inOrder } from '../acl/decide.js';
import type { Receipts } from '../acl/fleet-ports.js';
import { type GrantDraft, mayTakeAway, windowProblem } from '../acl/grant.js';
import { grantJson } from '../acl/grant-json.js';
import type { AclStore } from '../acl/ports.js';
import { groupPrincipal, subjectAs } from '../acl/principal.js';
import { describeDecision, remaining, stillAllowed, stillRefused } from '../acl/remaining.js';
import { pathChain } from '../acl/resource-path.js';
import {
  checkSchema,
  explainSchema,
  type GrantBody,
  listSchema,
  putGrantSchema,
  type QuestionQuery,
  revokeSchema,
} from './acl-schemas.js';
import { instantIn, pathIn, principalIn } from './api-values.js';
import { effectiveOn } from './effective.js';
import type { Gate } from './gate.js';
import { BadRequest } from './problem.js';

export const API_PREFIX = '/_latchkey/api/v1';

export interface AclDeps {
  readonly gate: Gate;
  readonly acl: AclStore;
  readonly authorizer: Authorizer;
  readonly receipts: Receipts | undefined;
}

export function aclRoutes(instance: FastifyInstance, { gate, acl, authorizer, receipts }: AclDeps): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>();

  app.get(`${API_PREFIX}/grants`, { schema: listSchema }, async (request) => {
    const path = pathIn(request.query.path);
    await gate.require(await gate.identifyOwn(request), 'manage', path);
    const grants = await Promise.all(pathChain(path).map(async (level) => acl.grantsOn([level])));
    return { grants: grants.flatMap((level) => [...level].sort(inOrder).map(grantJson)) };
  });

  app.put(`${API_PREFIX}/grants`, { schema: putGrantSchema }, async (request) => {
    const draft = draftIn(request.body);
    await gate.require(await gate.identifyOwn(request), 'manage', draft.path);
    const { value, revision } = await acl.putGrants([draft]);
    const rest = await remaining(authorizer, draft.principal, draft.path, [draft.action]);
    const lines = draft.effect === 'allow' ? stillRefused(rest) : stillAllowed(rest);
    const effective = mayTakeAway(draft) ? await effectiveOn(receipts, revision, request.log) : {};
    return { grant: grantJson(one(value)), revision, remaining: [...lines], ...effective };
  });

  app.delete(`${API_PREFIX}/grants`, { schema: revokeSchema }, async (request) => {
    const { action = 'read', effect = 'allow' } = request.query;
    const principal = principalIn(request.query.principal);
    const path = pathIn(request.query.path);
    await gate.require(await gate.identifyOwn(request), 'manage', path);
    const actions = andGreater(action);
    const { value, revision } = await acl.removeGrants({ principal, path, actions, effect });
    const rest = await remaining(authorizer, principal, path, actions);
    const lines = effect === 'allow' ? stillAllowed(rest) : stillRefused(rest);
    const effective = await effectiveOn(receipts, revision, request.log);
    return { removed: value.map(grantJson), revision, remaining: [...lines], ...effective };
  });

  app.get(`${API_PREFIX}/check`, { schema: checkSchema }, async (request) => {
    const question = questionIn(request.query);
    await gate.require(await gate.identifyOwn(request), 'manage', question.path);
    const { decision } = await authorizer.explain(question);
    const { outcome, reason } = decision;
    const grant = reason.kind === 'grant' ? { grant: grantJson(reason.grant) } : {};
    return { outcome, reason: describeDecision(decision), ...grant };
  });

  app.get(`${API_PREFIX}/explain`, { schema: explainSchema }, async (request) => {
    const question = questionIn(request.query);
    await gate.require(await gate.identifyOwn(request), 'manage', question.path);
    const { decision, considered } = await authorizer.explain(question);
    return {
      outcome: decision.outcome,
      reason: describeDecision(decision),
      considered: considered.map(({ grant, verdict }) => ({ grant: grantJson(grant), verdict })),
    };
  });
}

function draftIn(body: Static<typeof GrantBody>): GrantDraft {
  const notBefore = instantIn('notBefore', body.notBefore);
  const expiresAt = instantIn('expiresAt', body.expiresAt);
  const problem = windowProblem(notBefore, expiresAt);
  if (problem !== undefined) throw new BadRequest(`The grant's window is wrong: ${problem}.`);
  const { action, effect = 'allow' } = body;
  const principal = principalIn(body.principal);
  return { principal, path: pathIn(body.path), action, effect, notBefore, expiresAt };
}

function questionIn(query: Static<typeof QuestionQuery>): Question {
  const principal = principalIn(query.principal);
  const names = query.group === undefined ? [] : [query.group].flat();
  const groups = names.map((name) => {
    const group = groupPrincipal(name);
    if (group === undefined) throw new BadRequest(`${JSON.stringify(name)} cannot be a group's name.`);
    return group;
  });
  const action = ACTIONS.find((known) => known === query.action);
  if (action === undefined) throw new BadRequest('action is read, write or manage.');
  return { subject: subjectAs(principal, groups), action, path: pathIn(query.path) };
}

function one<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined) throw new Error('the store answered with no grant for the one it was given');
  return value;
}
