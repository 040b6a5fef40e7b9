/**
 * The one statement of a load, and what its row says. `$1` paths, `$2` the user, `$3` the credential's key, `$4` the
 * revision since which changes are asked for, `$5` the last revision that was seen; NULL asks for nothing.
 */

import { NotKnown } from '../../acl/errors.js';
import type { Grant } from '../../acl/grant.js';
import {
  type CredentialFact,
  type FactsLoad,
  type FactsQuery,
  SIGNED_URLS,
  type Standing,
  TOUCHED_ALL,
} from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { isFolder } from '../../acl/resource-path.js';
import { indexByPrincipal } from '../grant-index.js';
import { type LinkRow, linkOf } from '../link-rows.js';
import { type ApiKeyRow, apiKeyOf, type GrantRow, grantOf } from '../rows.js';
import { isPath } from './path-key.js';
import { schemaProblem } from './schema.js';

/** More changes than this at once: dropping everything is cheaper than dropping each. */
const TOUCHED_MAX = 10_000;
/** Rows of the log that are read for their marks: what other answers can have seen while one was under way. */
const MARKS_MAX = 1_000;

const each = (columns: string, from: string) =>
  `(SELECT json_agg(json_build_array(${columns})) FROM ${from})`;

const ASKED = 'unnest($1::text[]) WITH ORDINALITY AS asked (path, n)';
const onAsked = (table: string) =>
  `${ASKED} CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE ${isPath('asked.path', `${table}.path`)}) AS here`;

export const FACTS_SQL = `
  SELECT schema, store, revision, trimmed, mark,
    (SELECT mark FROM changes WHERE revision = $5::bigint LIMIT 1) AS seen_mark,
    ${each(
      'revision, mark',
      `(SELECT DISTINCT revision, mark FROM (
        SELECT revision, mark FROM changes WHERE revision > $5::bigint ORDER BY revision DESC LIMIT ${MARKS_MAX}
      ) AS newest) AS marked`,
    )} AS marks,
    (SELECT json_agg(touched) FROM (
      SELECT DISTINCT touched FROM changes WHERE revision > $4::bigint AND $4::bigint >= state.trimmed
      LIMIT ${TOUCHED_MAX + 1}) AS later) AS touched,
    (SELECT json_agg(json_build_object('n', asked.n, 'id', id, 'principal', principal, 'action', action,
      'effect', effect, 'not_before', not_before, 'expires_at', expires_at)) FROM ${onAsked('grants')}) AS grants,
    ${each('asked.n', `${onAsked('journal')} WHERE hidden`)} AS hidden,
    ${each('asked.n', `${ASKED} JOIN moves ON asked.path IN (source, target)`)} AS moving,
    ${each('asked.n, expires_at', onAsked('expiries'))} AS expiries,
    (SELECT json_agg(group_principal) FROM members WHERE user_principal = $2::text) AS groups,
    EXISTS (SELECT 1 FROM suspensions WHERE user_principal = $2::text) AS suspended,
    (SELECT at FROM sign_outs WHERE user_principal = $2::text) AS signed_out_at,
    CASE WHEN $3::text LIKE 'key:%'
      THEN (SELECT row_to_json(k) FROM api_keys AS k WHERE hash = substr($3::text, 5)) END AS api_key,
    CASE WHEN $3::text LIKE 'link:%'
      THEN (SELECT row_to_json(l) FROM share_links AS l WHERE id = substr($3::text, 6)) END AS share_link,
    (SELECT at FROM ended_credentials WHERE key = $3::text) AS ended_at,
    CASE WHEN $3::text = '${SIGNED_URLS}' THEN json_build_object(
      'ids', (SELECT json_agg(id) FROM revoked_urls),
      'generations', ${each('path, generation', 'url_generations')},
      'keys', ${each('key_id, second', 'revoked_url_keys')}) END AS revoked_urls
  FROM state`;

export interface FactsRow {
  readonly schema: number;
  readonly store: string;
  readonly revision: number;
  readonly trimmed: number;
  readonly mark: number;
  readonly seen_mark: number | null;
  readonly marks: readonly [number, number][] | null;
  readonly touched: readonly string[] | null;
  readonly grants: readonly (Omit<GrantRow, 'path'> & { readonly n: number })[] | null;
  readonly hidden: readonly [number][] | null;
  readonly moving: readonly [number][] | null;
  readonly expiries: readonly [number, number][] | null;
  readonly groups: readonly Principal[] | null;
  readonly suspended: boolean;
  readonly signed_out_at: number | null;
  readonly api_key: ApiKeyRow | null;
  readonly share_link: LinkRow | null;
  readonly ended_at: number | null;
  readonly revoked_urls: {
    readonly ids: readonly string[] | null;
    readonly generations: readonly [string, number][] | null;
    readonly keys: readonly [string, number][] | null;
  } | null;
}

/** @throws NotKnown where it is of another schema: a newer Latchkey may have migrated the store since */
export function readable(row: FactsRow | undefined): FactsRow {
  if (row === undefined) throw new NotKnown('store-unreadable', 'the store has no state row');
  const problem = schemaProblem(row.schema);
  if (problem !== undefined) throw new NotKnown('store-unreadable', problem);
  return row;
}

export function marksOf(row: FactsRow, asked: number | undefined): ReadonlyMap<number, number> {
  const marks = new Map(row.marks ?? []);
  if (asked !== undefined && row.seen_mark !== null) marks.set(asked, row.seen_mark);
  return marks;
}

export function touchedOf(
  { touched, trimmed, revision }: FactsRow,
  since: number,
): readonly string[] | 'all' {
  // What the log has lost, and what is still to come, is no history that we know.
  if (since < trimmed || since > revision) return 'all';
  if (touched === null) return [];
  return touched.length > TOUCHED_MAX || touched.includes(TOUCHED_ALL) ? 'all' : touched;
}

export function factsOf(
  { paths, user, credential }: FactsQuery,
  row: FactsRow,
): Omit<FactsLoad, 'revision' | 'generation' | 'mark' | 'touched'> {
  const grants: Grant[][] = paths.map(() => []);
  for (const { n, ...grant } of row.grants ?? []) {
    const path = paths[n - 1];
    // One string for all of them: a row brings another copy, and a path may have 4,096 bytes.
    if (path !== undefined) grants[n - 1]?.push(grantOf({ ...grant, path }));
  }
  const hidden = placesOf(row.hidden);
  const moving = placesOf(row.moving);
  const expiries = new Map(row.expiries ?? []);
  return {
    paths: paths.map((path, i) => ({
      path,
      grants: indexByPrincipal(grants[i] ?? []),
      committing: moving.has(i + 1) || (!isFolder(path) && hidden.has(i + 1)),
      expiresAt: isFolder(path) ? undefined : expiries.get(i + 1),
    })),
    standing: user === undefined ? undefined : standingOf(row),
    ...(credential !== undefined && { credential: credentialOf(row) }),
  };
}

function placesOf(rows: readonly [number][] | null): ReadonlySet<number> {
  return new Set(rows?.map(([n]) => n));
}

function standingOf({ groups, suspended, signed_out_at }: FactsRow): Standing {
  return { groups: groups ?? [], suspended, ...(signed_out_at !== null && { signedOutAt: signed_out_at }) };
}

/** Of the kinds that were not asked for the row has nothing. */
function credentialOf({ api_key, share_link, ended_at, revoked_urls }: FactsRow): CredentialFact {
  if (api_key !== null) {
    const { id, user, scope, expiresAt } = apiKeyOf(api_key); // what decides, without the note
    return { apiKey: { id, user, scope, expiresAt } };
  }
  if (share_link !== null) return { shareLink: linkOf(share_link) };
  if (revoked_urls !== null) {
    const { ids, generations, keys } = revoked_urls;
    return { revokedUrls: { ids: new Set(ids), generations: new Map(generations), keys: new Map(keys) } };
  }
  return ended_at === null ? {} : { endedAt: ended_at };
}
