/** The shapes of the API of share links. Instants are ISO 8601 here, milliseconds inside; limits are in `links/`. */

import { Type } from 'typebox';
import { EffectiveSchema } from './effective.js';
import { CLOSED, NO_QUERY } from './strict-schema.js';
import { ProblemSchema } from './write-schemas.js';

/** Of lists and texts as they come: what a link may have is said in words, and is less. */
const ITEMS_MAX = 1_000;
const TEXT_MAX = 4_096;

const Text = (description: string) => Type.String({ description, maxLength: TEXT_MAX });
const Texts = (description: string) =>
  Type.Array(Type.String({ maxLength: TEXT_MAX }), { description, maxItems: ITEMS_MAX });
const Count = (description: string) => Type.Integer({ description, minimum: 1 });
/** `null` takes the term away. */
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

const InstantSchema = Type.String({ description: 'ISO 8601 with a zone', maxLength: 64 });
const KindSchema = Type.Union([Type.Literal('read'), Type.Literal('upload')], {
  description: 'upload: a link by which strangers put files into a folder, and see nothing of it',
});
const DispositionSchema = Type.Union([Type.Literal('inline'), Type.Literal('attachment')]);
const IdSchema = Type.String({ description: 'of the link; it opens nothing', maxLength: 64 });
const PathSchema = Type.String({ description: 'resource path; a folder ends in /', maxLength: 4096 });

const tags = ['links'];
const refusals = { 400: ProblemSchema, 401: ProblemSchema, 403: ProblemSchema, 503: ProblemSchema };
const ofOne = { ...refusals, 404: ProblemSchema };

const TERMS = {
  password: Text('at least 8 characters; only a hash is kept'),
  recipients: Texts('only these principals may use it, signed in'),
  addresses: Texts('only from these addresses and ranges, such as 10.0.0.0/8'),
  downloadsMax: Count('how often it may be downloaded'),
  rateMax: Count('bytes a second of each download'),
  filesMax: Count('how many files may be uploaded'),
  bytesMax: Count('bytes of the largest upload'),
  endings: Texts('an upload must end so, such as .pdf'),
  filesExpireSeconds: Count('how long a file that was uploaded is good, from when it is there'),
  note: Text('for whoever lists the links'),
  contact: Text('whom to ask when it has ended; strangers are shown it'),
};

export const NewLinkBody = Type.Object(
  {
    path: PathSchema,
    kind: Type.Optional(KindSchema),
    notBefore: Type.Optional(InstantSchema),
    expiresAt: Type.Optional(InstantSchema),
    password: Type.Optional(TERMS.password),
    recipients: Type.Optional(TERMS.recipients),
    addresses: Type.Optional(TERMS.addresses),
    downloadsMax: Type.Optional(TERMS.downloadsMax),
    rateMax: Type.Optional(TERMS.rateMax),
    disposition: Type.Optional(DispositionSchema),
    filesMax: Type.Optional(TERMS.filesMax),
    bytesMax: Type.Optional(TERMS.bytesMax),
    endings: Type.Optional(TERMS.endings),
    filesExpireSeconds: Type.Optional(TERMS.filesExpireSeconds),
    note: Type.Optional(TERMS.note),
    contact: Type.Optional(TERMS.contact),
  },
  CLOSED,
);

export const ChangeBody = Type.Object(
  {
    notBefore: Type.Optional(orNull(InstantSchema)),
    expiresAt: Type.Optional(InstantSchema),
    password: Type.Optional(orNull(TERMS.password)),
    recipients: Type.Optional(TERMS.recipients),
    addresses: Type.Optional(TERMS.addresses),
    downloadsMax: Type.Optional(orNull(TERMS.downloadsMax)),
    rateMax: Type.Optional(orNull(TERMS.rateMax)),
    disposition: Type.Optional(DispositionSchema),
    filesMax: Type.Optional(orNull(TERMS.filesMax)),
    bytesMax: Type.Optional(orNull(TERMS.bytesMax)),
    endings: Type.Optional(TERMS.endings),
    filesExpireSeconds: Type.Optional(orNull(TERMS.filesExpireSeconds)),
    note: Type.Optional(TERMS.note),
    contact: Type.Optional(TERMS.contact),
  },
  { ...CLOSED, minProperties: 1 },
);

const LINK = {
  id: IdSchema,
  kind: KindSchema,
  path: PathSchema,
  state: Type.Union(
    [
      Type.Literal('open'),
      Type.Literal('early'),
      Type.Literal('revoked'),
      Type.Literal('expired'),
      Type.Literal('authority-ended'),
      Type.Literal('exhausted'),
      Type.Literal('not-known'),
    ],
    {
      description:
        'authority-ended: its maker may not give it any more; not-known: its file is being replaced right now',
    },
  ),
  maker: Type.Optional(Type.String({ description: 'absent: the operator, at the command line' })),
  createdAt: InstantSchema,
  notBefore: Type.Optional(InstantSchema),
  expiresAt: InstantSchema,
  revokedAt: Type.Optional(InstantSchema),
  lastUsedAt: Type.Optional(InstantSchema),
  hasPassword: Type.Boolean(),
  recipients: Type.Array(Type.String()),
  addresses: Type.Array(Type.String()),
  disposition: Type.Optional(DispositionSchema),
  rateMax: Type.Optional(Type.Integer()),
  downloadsMax: Type.Optional(Type.Integer()),
  downloads: Type.Optional(Type.Integer({ description: 'counted where they are limited' })),
  filesMax: Type.Optional(Type.Integer()),
  bytesMax: Type.Optional(Type.Integer()),
  endings: Type.Optional(Type.Array(Type.String())),
  filesExpireSeconds: Type.Optional(Type.Integer()),
  uploads: Type.Optional(Type.Integer()),
  note: Type.String(),
  contact: Type.String(),
};

const Revision = { revision: Type.Integer() };
const WrittenLink = Type.Object({ ...LINK, ...Revision, effective: EffectiveSchema });
const IdParams = Type.Object({ id: IdSchema }, CLOSED);

export const newLinkSchema = {
  tags,
  summary: 'Make a share link. Its URL is told this once',
  querystring: NO_QUERY,
  body: NewLinkBody,
  response: { 201: Type.Object({ url: Type.String(), ...LINK, ...Revision }), ...refusals },
};

/** Links of one page, where the query does not say. */
export const PAGE = 100;

export const LinksQuery = Type.Object(
  {
    path: Type.Optional(PathSchema),
    maker: Type.Optional(Type.String({ description: 'user:NAME', maxLength: 255 })),
    after: Type.Optional(IdSchema),
    max: Type.Optional(
      Type.String({
        description: `links of one page, from 1 to 1000; default ${PAGE}`,
        pattern: '^([1-9][0-9]{0,2}|1000)$',
      }),
    ),
  },
  CLOSED,
);

export const listLinksSchema = {
  tags,
  summary: 'Share links whose paths you may manage, by id, of a file or of a folder and all below it',
  querystring: LinksQuery,
  response: {
    200: Type.Object({
      links: Type.Array(Type.Object(LINK)),
      next: Type.Optional(
        Type.String({ description: 'where to go on, as `after`; absent: that was all. A page may be short' }),
      ),
    }),
    ...refusals,
  },
};

export const getLinkSchema = {
  tags,
  summary: 'One share link, with all of its terms',
  params: IdParams,
  querystring: NO_QUERY,
  response: { 200: Type.Object(LINK), ...ofOne },
};

export const changeLinkSchema = {
  tags,
  summary: 'Other terms for the same URL; null takes one away',
  params: IdParams,
  querystring: NO_QUERY,
  body: ChangeBody,
  response: { 200: WrittenLink, ...ofOne, 409: ProblemSchema },
};

export const revokeLinkSchema = {
  tags,
  summary: 'End a share link for good; no request after the answer is let in by it',
  params: IdParams,
  querystring: NO_QUERY,
  response: { 200: WrittenLink, ...ofOne },
};
