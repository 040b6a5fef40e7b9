/**
 * The bounded in-process cache before a store (DESIGN §6): every path's grants, every user's standing, and what
 * is known of every credential.
 *
 * It never answers from before the last commit: it asks the source's version first, with nothing awaited
 * between that and the answer, and drops what the change log names. What a load brings is kept only if the
 * load's own snapshot is as new as the cache, so a load in flight cannot put a revoked grant back. There is
 * no lifetime to extend: an entry is true until a change touches it.
 */

import { LRUCache } from 'lru-cache';
import { NotKnown } from '../acl/errors.js';
import type {
  Awaitable,
  CredentialFact,
  CredentialKey,
  CredentialReader,
  Facts,
  FactsLoad,
  FactsReader,
  FactsSource,
  RevokedUrls,
  Standing,
  StoredPathFacts,
} from '../acl/ports.js';
import type { Principal } from '../acl/principal.js';
import { pathChain, type ResourcePath } from '../acl/resource-path.js';
import type { ShareLink } from '../acl/share-link.js';

export interface CacheLimits {
  /** An estimate of the heap that the entries take, in bytes. */
  readonly bytesMax: number;
}

/** How often a load may lose against a change before the visitor is told to come back. */
const ATTEMPTS_MAX = 8;

// Above what was measured on Node 24 for a million entries of each kind (docs/decisions/0006-cache.md). A grant, a
// group and what is known of a credential are one FACT each, beside its texts.
const ENTRY_BYTES = 320;
const FACT_BYTES = 400;
/** A text in a list of a link, without its characters. */
const LISTED_BYTES = 64;
const CHARACTER_BYTES = 2;

const NO_STANDING: Standing = Object.freeze({ groups: [], suspended: false });

/** Paths begin with `/`, users with `user:`, and credentials with prefixes of theirs: one map holds them all. */
type Entry =
  | { readonly facts: StoredPathFacts }
  | { readonly standing: Standing }
  | { readonly credential: CredentialFact };

interface Need {
  readonly chain: readonly ResourcePath[];
  readonly user: Principal | undefined;
  readonly credential: CredentialKey | undefined;
}

interface Answer extends Facts {
  readonly credential: CredentialFact;
}

const NO_CHAIN: readonly ResourcePath[] = Object.freeze([]);
const NO_CREDENTIAL: CredentialFact = Object.freeze({});

export class CachedReader implements FactsReader, CredentialReader {
  readonly #source: FactsSource;
  readonly #entries: LRUCache<string, Entry>;
  /** The source's version at which every entry is known to be true. */
  #version = -1;
  #revision = -1;
  #generation = -1;
  #hits = 0;
  #misses = 0;

  constructor(source: FactsSource, limits: CacheLimits) {
    this.#source = source;
    this.#entries = new LRUCache({
      maxSize: limits.bytesMax,
      // One path with very many grants may not push out everything else.
      maxEntrySize: Math.max(1, Math.floor(limits.bytesMax / 4)),
      sizeCalculation: bytesOf,
    });
  }

  /** Entries held now. */
  get size(): number {
    return this.#entries.size;
  }

  /** What the entries are charged. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Reads that memory answered. */
  get hits(): number {
    return this.#hits;
  }

  /** Loads from the store. */
  get misses(): number {
    return this.#misses;
  }

  /** Of the store, as far as the entries have followed it; -1: nothing was read yet. */
  get revision(): number {
    return this.#revision;
  }

  read(path: ResourcePath, user: Principal | undefined): Awaitable<Facts> {
    return this.#attempt({ chain: pathChain(path), user, credential: undefined }, 1);
  }

  standing(user: Principal): Awaitable<Standing> {
    const answer = this.#attempt({ chain: NO_CHAIN, user, credential: undefined }, 1);
    return answer instanceof Promise ? answer.then(({ standing }) => standing) : answer.standing;
  }

  credential(key: CredentialKey): Awaitable<CredentialFact> {
    const answer = this.#attempt({ chain: NO_CHAIN, user: undefined, credential: key }, 1);
    return answer instanceof Promise ? answer.then(({ credential }) => credential) : answer.credential;
  }

  #attempt(need: Need, attempt: number): Awaitable<Answer> {
    const version = this.#source.version();
    const current = version === this.#version;
    const hit = current ? this.#assemble(need, undefined) : undefined;
    if (hit !== undefined) {
      this.#hits += 1;
      return hit;
    }
    this.#misses += 1;
    if (attempt > ATTEMPTS_MAX) {
      throw new NotKnown('store-unavailable', `the store changed ${ATTEMPTS_MAX} times during one decision`);
    }
    // A second attempt asks for everything, so that a cache smaller than one chain still answers.
    const partly = current && attempt === 1;
    const missing = partly ? need.chain.filter((path) => !this.#entries.has(path)) : need.chain;
    const loaded = this.#source.load({
      paths: missing.map(ownString), // here, so that the grants on them have the same string
      user: partly && need.user !== undefined && this.#entries.has(need.user) ? undefined : need.user,
      credential: need.credential,
      since: this.#revision,
      generation: this.#generation,
    });
    if (loaded instanceof Promise) return loaded.then((late) => this.#settle(need, late, version, attempt));
    return this.#settle(need, loaded, version, attempt);
  }

  #settle(need: Need, loaded: FactsLoad, version: number, attempt: number): Awaitable<Answer> {
    // Another load brought a later state while this one was in flight: what this one saw may be revoked.
    if (!this.#advance(loaded, version)) return this.#attempt(need, attempt + 1);
    this.#fill(need, loaded);
    return this.#assemble(need, loaded) ?? this.#attempt(need, attempt + 1);
  }

  /** Moves the cache to the load's revision, dropping what changed. False: the load is older than the cache. */
  #advance(loaded: FactsLoad, version: number): boolean {
    if (loaded.generation < this.#generation) return false;
    if (loaded.generation === this.#generation && loaded.revision < this.#revision) return false;
    if (loaded.generation !== this.#generation || loaded.touched === 'all') this.#entries.clear();
    else for (const key of loaded.touched) this.#entries.delete(key);
    this.#generation = loaded.generation;
    this.#revision = loaded.revision;
    this.#version = loaded.version ?? version;
    return true;
  }

  #fill(need: Need, loaded: FactsLoad): void {
    for (const facts of loaded.paths) this.#entries.set(facts.path, { facts });
    if (need.user !== undefined && loaded.standing !== undefined) {
      this.#entries.set(ownString(need.user), { standing: loaded.standing });
    }
    if (need.credential !== undefined && loaded.credential !== undefined) {
      this.#entries.set(ownString(need.credential), { credential: loaded.credential });
    }
  }

  /** All of the need from the cache and, where an entry was too large to keep, from the load itself. */
  #assemble(need: Need, loaded: FactsLoad | undefined): Answer | undefined {
    const chain: StoredPathFacts[] = [];
    for (const path of need.chain) {
      const entry = this.#entries.get(path);
      const facts =
        entry !== undefined && 'facts' in entry
          ? entry.facts
          : loaded?.paths.find((candidate) => candidate.path === path);
      if (facts === undefined) return undefined;
      chain.push(facts);
    }
    const standing = this.#standing(need.user, loaded);
    const credential = this.#credential(need.credential, loaded);
    if (standing === undefined || credential === undefined) return undefined;
    return { chain, standing, credential };
  }

  #standing(user: Principal | undefined, loaded: FactsLoad | undefined): Standing | undefined {
    if (user === undefined) return NO_STANDING;
    const entry = this.#entries.get(user);
    return entry !== undefined && 'standing' in entry ? entry.standing : loaded?.standing;
  }

  #credential(key: CredentialKey | undefined, loaded: FactsLoad | undefined): CredentialFact | undefined {
    if (key === undefined) return NO_CREDENTIAL;
    const entry = this.#entries.get(key);
    return entry !== undefined && 'credential' in entry ? entry.credential : loaded?.credential;
  }
}

function bytesOf(entry: Entry, key: string): number {
  const own = ENTRY_BYTES + textBytes(key);
  if ('standing' in entry) return entry.standing.groups.reduce((sum, group) => sum + factBytes(group), own);
  if ('credential' in entry) {
    const { apiKey, revokedUrls, shareLink } = entry.credential;
    if (revokedUrls !== undefined) return own + revokedBytes(revokedUrls);
    if (shareLink !== undefined) return own + linkBytes(shareLink);
    if (apiKey === undefined) return own + FACT_BYTES;
    return own + factBytes(apiKey.id) + textBytes(apiKey.user) + textBytes(apiKey.scope.path);
  }
  let bytes = own;
  // The grants have their path in common with the entry.
  for (const [principal, same] of entry.facts.grants) bytes += same.length * factBytes(principal);
  return bytes;
}

function factBytes(text: string): number {
  return FACT_BYTES + textBytes(text);
}

function textBytes(text: string): number {
  return text.length * CHARACTER_BYTES;
}

/**
 * The same text as a string of its own. V8 makes a slice of a string by keeping the whole: a folder's key would
 * keep alive the path and the URL that it was cut from, which nobody is charged for. UTF-16 gives back any string.
 */
function ownString<T extends string>(text: T): T {
  return Buffer.from(text, 'utf16le').toString('utf16le') as T;
}

function revokedBytes({ ids, generations, keys }: RevokedUrls): number {
  let bytes = 0;
  for (const texts of [ids, generations.keys(), keys.keys()])
    for (const text of texts) bytes += factBytes(text);
  return bytes;
}

/** The link, its authority, its terms and its upload terms are one FACT each. */
function linkBytes({ id, hash, path, authority, terms }: ShareLink): number {
  const { passwordHash = '', recipients, addresses, upload, note, contact } = terms;
  let bytes = 4 * FACT_BYTES;
  for (const text of [id, hash, path, authority.maker ?? '', passwordHash, note, contact])
    bytes += textBytes(text);
  for (const texts of [authority.makerGroups, recipients, addresses, upload.endings]) {
    for (const text of texts) bytes += LISTED_BYTES + textBytes(text);
  }
  return bytes;
}
