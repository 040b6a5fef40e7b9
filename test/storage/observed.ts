/**
 * All of a store that its users can see, as one plain value: two stores that were told the same compare equal.
 *
 * What the ports leave open is put in order here: grants on a path by id, a user's groups and the journal by
 * name.
 */

import type { Store } from '../../src/acl/ports.js';
import type { Principal } from '../../src/acl/principal.js';
import { all, load, path, plainPath } from './given.js';

export async function observe(store: Store, paths: readonly string[], users: readonly Principal[]) {
  const asked = paths.map(path);
  const loaded = await load(store, { paths: asked });
  const pending = await store.files.pending();
  const byPartial = (a: { partial: string }, b: { partial: string }) => (a.partial < b.partial ? -1 : 1);
  return {
    revision: await store.acl.revision(),
    loadedRevision: loaded.revision,
    grants: await all(store.acl.allGrants()),
    grantsOn: await store.acl.grantsOn(asked),
    groups: await store.acl.groups(),
    files: await Promise.all(asked.map((one) => store.files.file(one))),
    paths: loaded.paths.map(plainPath),
    standings: await Promise.all(users.map((user) => standingOf(store, user))),
    commits: [...pending.commits].sort(byPartial),
    removals: [...pending.removals].sort(byPartial),
    moves: await store.moves.moves(),
  };
}

async function standingOf(store: Store, user: Principal) {
  const { standing } = await load(store, { user });
  return { user, groups: [...(standing?.groups ?? [])].sort(), suspended: standing?.suspended };
}
