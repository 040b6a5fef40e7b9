/** The shapes of the ACL API, in the words of DESIGN §1. Instants are ISO 8601 here, milliseconds inside. */

import { Type } from 'typebox';
import { EffectiveSchema } from './effective.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

const ActionSchema = Type.Union([Type.Literal('read'), Type.Literal('write'), Type.Literal('manage')]);
const EffectSchema = Type.Union([Type.Literal('allow'), Type.Literal('deny')]);
const PrincipalSchema = Type.String({
  description: 'user:NAME, group:NAME, authenticated or anyone',
  maxLength: 255,
});
const PathSchema = Type.String({ description: 'resource path; a folder ends in /', maxLength: 4096 });
const InstantSchema = Type.String({ description: 'ISO 8601 with a zone' });

const tags = ['grants'];
const refusals = { 400: ProblemSchema, 401: ProblemSchema, 403: ProblemSchema, 503: ProblemSchema };

const GrantSchema = Type.Object({
  id: Type.Integer(),
  principal: PrincipalSchema,
  path: PathSchema,
  action: ActionSchema,
  effect: EffectSchema,
  notBefore: Type.Optional(InstantSchema),
  expiresAt: Type.Optional(InstantSchema),
});

export const GrantBody = Type.Object(
  {
    principal: PrincipalSchema,
    path: PathSchema,
    action: ActionSchema,
    effect: Type.Optional(EffectSchema),
    notBefore: Type.Optional(InstantSchema),
    expiresAt: Type.Optional(InstantSchema),
  },
  CLOSED,
);

export const listSchema = {
  tags,
  summary: 'The ACL of a path: its grants and those of the folders above it, nearest first',
  querystring: Type.Object({ path: PathSchema }, CLOSED),
  response: { 200: Type.Object({ grants: Type.Array(GrantSchema) }), ...refusals },
};

export const putGrantSchema = {
  tags,
  summary: 'Set a grant; what stood for the same principal, path and action is replaced',
  querystring: NO_QUERY,
  body: GrantBody,
  response: {
    200: Type.Object({
      grant: GrantSchema,
      revision: Type.Integer(),
      remaining: Type.Array(Type.String(), { description: 'what still says otherwise there' }),
      effective: EffectiveSchema,
    }),
    ...refusals,
  },
};

export const RevokeQuery = Type.Object(
  {
    principal: PrincipalSchema,
    path: PathSchema,
    action: Type.Optional(ActionSchema),
    effect: Type.Optional(EffectSchema),
  },
  CLOSED,
);

export const revokeSchema = {
  tags,
  summary: 'Remove the allows of an action and greater (default: all), or with effect=deny its denies',
  querystring: RevokeQuery,
  response: {
    200: Type.Object({
      removed: Type.Array(GrantSchema),
      revision: Type.Integer(),
      remaining: Type.Array(Type.String(), { description: 'what is still allowed there, and by what' }),
      effective: EffectiveSchema,
    }),
    ...refusals,
  },
};

export const QuestionQuery = Type.Object(
  {
    principal: PrincipalSchema,
    action: ActionSchema,
    path: PathSchema,
    group: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 1000 })], {
        description: 'names of groups that a credential would claim',
      }),
    ),
  },
  CLOSED,
);

const OutcomeSchema = Type.Union([
  Type.Literal('allow'),
  Type.Literal('unauthenticated'),
  Type.Literal('forbidden'),
]);

export const checkSchema = {
  tags: ['decisions'],
  summary: 'May this principal do this there?',
  querystring: QuestionQuery,
  response: {
    200: Type.Object({ outcome: OutcomeSchema, reason: Type.String(), grant: Type.Optional(GrantSchema) }),
    ...refusals,
  },
};

export const explainSchema = {
  tags: ['decisions'],
  summary: 'The same, with every grant that bears on it, in order, and what became of it',
  querystring: QuestionQuery,
  response: {
    200: Type.Object({
      outcome: OutcomeSchema,
      reason: Type.String(),
      considered: Type.Array(Type.Object({ grant: GrantSchema, verdict: Type.String() })),
    }),
    ...refusals,
  },
};
