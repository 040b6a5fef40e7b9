/** What tests of access tokens are given: the whole of `AccessTokens` over a store in memory, with a clock that they set. */

import type { Store } from '../../src/acl/ports.js';
import { AccessTokens } from '../../src/credentials/access-token.js';
import { Failures } from '../../src/credentials/failures.js';
import type { Presented } from '../../src/credentials/presented.js';
import type { TokenKey } from '../../src/credentials/token-key.js';
import { FixedKeys, type KeySource, TokenKeys } from '../../src/credentials/token-keys.js';
import { CachedReader } from '../../src/storage/cached-reader.js';
import { openMemoryStore } from '../../src/storage/memory/memory-store.js';

/** A whole second, of which the tests are milliseconds before and after. */
export const NOW = 1_700_000_000_000;
export const NOW_S = NOW / 1000;

export interface Scene {
  readonly tokens: AccessTokens;
  readonly store: Store;
  readonly fixed: FixedKeys;
  /** UTC milliseconds. */
  now: number;
  /** The user, or why it is nobody. */
  ask(presented: Partial<Presented>): Promise<string>;
  bearer(token: string): Promise<string>;
}

export interface SceneOptions {
  readonly keys: readonly TokenKey[];
  readonly sources?: readonly KeySource[];
  readonly cookieName?: string;
  readonly addressMax?: number;
}

const NOTHING: Presented = {
  authorization: undefined,
  cookie: undefined,
  apiKey: undefined,
  address: undefined,
  peer: undefined,
  proxyUser: undefined,
  proxyGroups: undefined,
  proxySecret: undefined,
};

export function scene({ keys, sources = [], cookieName, addressMax = 1_000 }: SceneOptions): Scene {
  const store = openMemoryStore();
  const clock = () => made.now;
  const fixed = new FixedKeys(keys);
  const tokens = new AccessTokens({
    keys: new TokenKeys([fixed, ...sources]),
    cookieName,
    claims: { user: 'sub', groups: 'groups', userPrefix: '', groupPrefix: '' },
    reader: new CachedReader(store.facts, { bytesMax: 1_000_000 }),
    failures: new Failures({ addressMax, userMax: 1_000 }, clock),
    clock,
  });
  const ask = async (presented: Partial<Presented>) => {
    const found = await tokens.recognise({ ...NOTHING, ...presented });
    if (typeof found === 'string') return found;
    return found.ambient ? `${found.subject.user} by itself` : `${found.subject.user}`;
  };
  const made: Scene = {
    tokens,
    store,
    fixed,
    now: NOW,
    ask,
    bearer: (token) => ask({ authorization: `Bearer ${token}` }),
  };
  return made;
}
