/**
 * A store in memory: the shortest program that keeps the contract. The tests hold the real ones against it.
 */

import type { Grant, GrantDraft } from '../../acl/grant.js';
import type {
  ApiKeyRecord,
  CredentialFact,
  CredentialKey,
  FactsLoad,
  FactsQuery,
  Store,
  Written,
} from '../../acl/ports.js';
import { SESSION_MARK_MS, SIGNED_URLS, TOUCHED_ALL } from '../../acl/ports.js';
import type { Principal } from '../../acl/principal.js';
import { type ResourcePath, ROOT } from '../../acl/resource-path.js';
import { indexByPrincipal } from '../grant-index.js';
import { inByteOrder } from './byte-order.js';
import { MemoryAttempts, MemoryFailures } from './memory-counts.js';
import { MemoryDigests } from './memory-digests.js';
import { MemoryFiles } from './memory-files.js';
import { MemoryLife } from './memory-life.js';
import { MemoryLinks } from './memory-links.js';
import { MemoryQuotas } from './memory-quotas.js';
import { MemorySignedUrls } from './memory-signed-urls.js';
import { MemoryTree } from './memory-tree.js';

interface State {
  revision: number;
  lastId: number;
  readonly grants: Map<string, Grant>;
  readonly members: Map<Principal, Set<Principal>>;
  readonly suspended: Set<Principal>;
  readonly signOuts: Map<Principal, number>;
  readonly apiKeys: Map<string, ApiKeyRecord>;
  /** By credential key: when it was ended. */
  readonly ended: Map<string, number>;
  readonly signedUrls: MemorySignedUrls;
  readonly links: MemoryLinks;
  readonly life: MemoryLife;
  readonly files: MemoryFiles;
  readonly tree: MemoryTree;
  readonly quotas: MemoryQuotas;
  readonly log: { readonly revision: number; readonly touched: string }[];
}

export function openMemoryStore(): Store {
  const links = new MemoryLinks((value, touched) => written(state, value, touched));
  const life = new MemoryLife({
    write: (value, touched) => written(state, value, touched),
    refuseMoving: (paths) => state.tree.refuseMoving(paths),
  });
  const digests = new MemoryDigests((path) => state.files.recordOf(path));
  const state: State = {
    revision: 0,
    lastId: 0,
    grants: new Map(),
    members: new Map(),
    suspended: new Set(),
    signOuts: new Map(),
    apiKeys: new Map(),
    ended: new Map(),
    signedUrls: new MemorySignedUrls((value, touched) => written(state, value, touched)),
    links,
    life,
    files: new MemoryFiles({
      write: (touched) => written(state, undefined, touched),
      putGrant: (grant) => put(state, grant),
      dropAllows: (path) => dropAllows(state, path),
      grantsOn: (path) => [...state.grants.values()].filter((grant) => grant.path === path),
      links,
      life,
      digests,
      refuseMoving: (paths) => state.tree.refuseMoving(paths),
      isMoving: (path) => state.tree.isMoving(path),
      quotas: () => state.quotas,
    }),
    tree: new MemoryTree({
      write: (value, touched) => written(state, value, touched),
      grants: () => [...state.grants.values()],
      exchange: (old, next) => {
        state.grants.delete(keyOf(old));
        if (next !== undefined) state.grants.set(keyOf(next), next);
      },
      files: () => state.files,
      links,
      life,
      quotas: () => state.quotas,
    }),
    quotas: new MemoryQuotas({
      records: () => state.files.all(),
      isPending: (name) => state.files.isCommitting(name) || state.tree.isPending(name),
    }),
    log: [],
  };
  return {
    acl: aclOf(state),
    credentials: credentialsOf(state),
    usage: usageOf(state),
    signedUrls: state.signedUrls,
    shareLinks: state.links,
    linkCounts: state.links,
    files: state.files,
    expiries: state.life,
    trash: state.life,
    moves: state.tree,
    tree: state.tree,
    quotas: state.quotas,
    digests,
    attempts: new MemoryAttempts(Date.now),
    failures: new MemoryFailures(Date.now),
    facts: { load: (query) => load(state, query), version: () => state.revision },
    close: async () => {},
  };
}

const keyOf = (grant: GrantDraft) => JSON.stringify([grant.path, grant.principal, grant.action]);

function written<T>(state: State, value: T, touched: readonly string[]): Written<T> {
  if (touched.length > 0) state.revision += 1;
  for (const key of touched) state.log.push({ revision: state.revision, touched: key });
  return { revision: state.revision, value };
}

function put(state: State, draft: GrantDraft, newId = state.lastId + 1): Grant {
  const id = state.grants.get(keyOf(draft))?.id ?? newId;
  state.lastId = Math.max(state.lastId, id);
  const grant = { ...draft, id };
  state.grants.set(keyOf(draft), grant);
  return grant;
}

function dropAllows(state: State, path: ResourcePath): void {
  for (const [key, grant] of state.grants) {
    if (grant.path === path && grant.effect === 'allow') state.grants.delete(key);
  }
}

function inKeyOrder(a: Grant, b: Grant): number {
  const rest = ({ principal, action }: Grant) => `${principal}\0${action}`;
  return inByteOrder(a.path, b.path) || inByteOrder(rest(a), rest(b));
}

function aclOf(state: State): Store['acl'] {
  const sorted = () => [...state.grants.values()].sort(inKeyOrder);
  const toggle = (set: Set<Principal>, value: Principal, present: boolean, touched: Principal) => {
    const changed = set.has(value) !== present;
    if (present) set.add(value);
    else set.delete(value);
    return written(state, changed, changed ? [touched] : []);
  };
  const membersOf = (group: Principal) => {
    const members = state.members.get(group) ?? new Set();
    state.members.set(group, members);
    return members;
  };
  return {
    revision: async () => state.revision,
    putGrants: async (drafts) => {
      const grants = drafts.map((draft) => put(state, draft));
      return written(
        state,
        grants,
        drafts.map((draft) => draft.path),
      );
    },
    removeGrants: async ({ path, principal, actions, effect }) => {
      const removed = sorted().filter(
        (grant) => grant.path === path && grant.principal === principal && grant.effect === effect,
      );
      const gone = removed.filter((grant) => actions.includes(grant.action));
      gone.sort((a, b) => actions.indexOf(a.action) - actions.indexOf(b.action));
      for (const grant of gone) state.grants.delete(keyOf(grant));
      return written(state, gone, gone.length === 0 ? [] : [path]);
    },
    grantsOn: async (paths) => paths.flatMap((path) => sorted().filter((grant) => grant.path === path)),
    grantsOf: async (principals) =>
      principals.flatMap((who) => sorted().filter((grant) => grant.principal === who)),
    allGrants: async function* (folder = ROOT) {
      yield* sorted().filter(({ path }) => path.startsWith(folder));
    },
    importGrants: async (batches) => {
      const drafts: GrantDraft[] = [];
      for await (const batch of batches) drafts.push(...batch);
      let replaced = 0;
      // Each line has a number kept for it, whether or not it needs one: that is what a bulk write can do.
      const before = state.lastId;
      for (const [i, draft] of drafts.entries()) {
        if (state.grants.has(keyOf(draft))) replaced += 1;
        put(state, draft, before + i + 1);
      }
      state.lastId = before + drafts.length;
      const counts = { added: drafts.length - replaced, replaced };
      return written(state, counts, drafts.length === 0 ? [] : [TOUCHED_ALL]);
    },
    addMember: async (group, user) => toggle(membersOf(group), user, true, user),
    removeMember: async (group, user) => toggle(membersOf(group), user, false, user),
    groups: async (group) =>
      [...state.members]
        .filter(([name, users]) => users.size > 0 && (group === undefined || group === name))
        .map(([name, users]) => ({ group: name, users: [...users].sort(inByteOrder) }))
        .sort((a, b) => inByteOrder(a.group, b.group)),
    suspend: async (user) => toggle(state.suspended, user, true, user),
    resume: async (user) => toggle(state.suspended, user, false, user),
  };
}

function credentialsOf(state: State): Store['credentials'] {
  const end = (key: CredentialKey, at: number) => {
    state.ended.set(key, Math.max(at, state.ended.get(key) ?? at));
    return written(state, undefined, [key]);
  };
  return {
    addApiKey: async (key) => {
      const same = [...state.apiKeys.values()].some(({ id, hash }) => id === key.id || hash === key.hash);
      if (same) throw new Error('there is such a key already');
      state.apiKeys.set(key.id, key);
      return written(state, undefined, [`key:${key.hash}`]);
    },
    apiKeys: async (user) =>
      [...state.apiKeys.values()]
        .filter((key) => user === undefined || key.user === user)
        .sort((a, b) => inByteOrder(a.user, b.user) || a.createdAt - b.createdAt || inByteOrder(a.id, b.id)),
    removeApiKey: async (id) => {
      const key = state.apiKeys.get(id);
      state.apiKeys.delete(id);
      return written(state, key, key === undefined ? [] : [`key:${key.hash}`]);
    },
    signOut: async (user, at) => {
      state.signOuts.set(user, Math.max(at, state.signOuts.get(user) ?? at));
      return written(state, undefined, [user]);
    },
    endToken: async (id, at) => end(`token:${id}`, at),
    endSession: async (hash, at) => {
      for (const [key, endedAt] of state.ended) {
        if (key.startsWith('session:') && endedAt <= at - SESSION_MARK_MS) state.ended.delete(key);
      }
      return end(`session:${hash}`, at);
    },
  };
}

function usageOf(state: State): Store['usage'] {
  return {
    recordUses: async (uses) => {
      for (const [id, at] of uses) {
        const key = state.apiKeys.get(id);
        if (key !== undefined && (key.lastUsedAt ?? 0) < at) {
          state.apiKeys.set(id, { ...key, lastUsedAt: at });
        }
      }
    },
  };
}

function load(state: State, query: FactsQuery): FactsLoad {
  const hidden = new Set([...state.files.hidden(), ...state.tree.moving()]);
  const touched = state.log.filter((line) => line.revision > query.since).map((line) => line.touched);
  return {
    revision: state.revision,
    generation: 1,
    touched:
      query.generation !== 1 || query.since > state.revision || touched.includes(TOUCHED_ALL)
        ? 'all'
        : [...new Set(touched)],
    paths: query.paths.map((path) => ({
      path,
      grants: indexByPrincipal([...state.grants.values()].filter((grant) => grant.path === path)),
      committing: hidden.has(path),
      expiresAt: state.life.expiryOf(path),
    })),
    standing: query.user === undefined ? undefined : standingOf(state, query.user),
    ...(query.credential !== undefined && { credential: credentialOf(state, query.credential) }),
  };
}

function credentialOf(state: State, key: CredentialKey): CredentialFact {
  if (key === SIGNED_URLS) return { revokedUrls: state.signedUrls.revoked() };
  const shareLink = key.startsWith('link:') ? state.links.fact(key.slice('link:'.length)) : undefined;
  if (shareLink !== undefined) return { shareLink };
  const apiKey = [...state.apiKeys.values()].find(({ hash }) => key === `key:${hash}`);
  const endedAt = state.ended.get(key);
  return { ...(apiKey !== undefined && { apiKey }), ...(endedAt !== undefined && { endedAt }) };
}

function standingOf(state: State, user: Principal) {
  const groups = [...state.members].filter(([, users]) => users.has(user)).map(([group]) => group);
  const signedOutAt = state.signOuts.get(user);
  return {
    groups,
    suspended: state.suspended.has(user),
    ...(signedOutAt !== undefined && { signedOutAt }),
  };
}
