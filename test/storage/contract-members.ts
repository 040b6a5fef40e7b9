/**
 * The contract's rules on groups and suspensions, and on what a decision hears of them: a user's standing.
 */

import type { Rule } from './contract-rule.js';
import { load, principal } from './given.js';

const BOB = principal('user:bob');
const EVE = principal('user:eve');
const ENG = principal('group:eng');
const OPS = principal('group:ops');

export function membersContract(rule: Rule): void {
  rule('adding a member says whether it changed anything', async (t, store) => {
    t.equal((await store.acl.addMember(ENG, BOB)).value, true);
    t.equal((await store.acl.addMember(ENG, BOB)).value, false);
    t.strictSame(await store.acl.groups(), [{ group: ENG, users: [BOB] }]);
  });

  rule('removing a member says whether it changed anything', async (t, store) => {
    await store.acl.addMember(ENG, BOB);
    t.equal((await store.acl.removeMember(OPS, BOB)).value, false, 'of another group');
    t.equal((await store.acl.removeMember(ENG, EVE)).value, false, 'another user');
    t.equal((await store.acl.removeMember(ENG, BOB)).value, true);
    t.equal((await store.acl.removeMember(ENG, BOB)).value, false);
  });

  rule('a user stands in every group that has it as a member', async (t, store) => {
    await store.acl.addMember(OPS, BOB);
    await store.acl.addMember(ENG, BOB);
    await store.acl.addMember(ENG, EVE);
    const bob = (await load(store, { user: BOB })).standing;
    t.strictSame([...(bob?.groups ?? [])].sort(), [ENG, OPS]);
    t.strictSame((await load(store, { user: EVE })).standing?.groups, [ENG]);
  });

  rule('a removed member stands in its other groups only, and the others stay', async (t, store) => {
    await store.acl.addMember(OPS, BOB);
    await store.acl.addMember(ENG, BOB);
    await store.acl.addMember(ENG, EVE);
    await store.acl.removeMember(ENG, BOB);
    t.strictSame((await load(store, { user: BOB })).standing?.groups, [OPS]);
    t.strictSame(await store.acl.groups(ENG), [{ group: ENG, users: [EVE] }]);
  });

  rule('a group is listed as long as it has a member', async (t, store) => {
    await store.acl.addMember(ENG, BOB);
    await store.acl.removeMember(ENG, BOB);
    t.strictSame(await store.acl.groups(), []);
    t.strictSame(await store.acl.groups(ENG), []);
  });

  rule('one group can be asked for', async (t, store) => {
    await store.acl.addMember(ENG, BOB);
    await store.acl.addMember(OPS, EVE);
    t.strictSame(await store.acl.groups(OPS), [{ group: OPS, users: [EVE] }]);
    t.strictSame(await store.acl.groups(principal('group:none')), []);
  });

  rule('groups and their members are listed in the order of their bytes', async (t, store) => {
    const inOrder = ['B', 'a', 'b', 'é', 'ｚ', '😀'];
    for (const group of [...inOrder].reverse()) {
      for (const user of [...inOrder].reverse()) {
        await store.acl.addMember(principal(`group:${group}`), principal(`user:${user}`));
      }
    }
    const users = inOrder.map((name) => principal(`user:${name}`));
    t.strictSame(
      await store.acl.groups(),
      inOrder.map((name) => ({ group: principal(`group:${name}`), users })),
    );
  });

  rule('suspending and resuming say whether they changed anything', async (t, store) => {
    t.equal((await store.acl.resume(BOB)).value, false);
    t.equal((await store.acl.suspend(BOB)).value, true);
    t.equal((await store.acl.suspend(BOB)).value, false);
    t.equal((await store.acl.resume(BOB)).value, true);
    t.equal((await store.acl.resume(BOB)).value, false);
  });

  rule('a user is suspended from suspend to resume, and nobody else is', async (t, store) => {
    await store.acl.suspend(BOB);
    t.equal((await load(store, { user: BOB })).standing?.suspended, true);
    t.equal((await load(store, { user: EVE })).standing?.suspended, false);
    await store.acl.resume(BOB);
    t.equal((await load(store, { user: BOB })).standing?.suspended, false);
  });

  rule('a suspended user keeps its groups', async (t, store) => {
    await store.acl.addMember(ENG, BOB);
    await store.acl.suspend(BOB);
    t.strictSame((await load(store, { user: BOB })).standing, { groups: [ENG], suspended: true });
  });

  rule('a user of whom nothing is stored stands in no group and is not suspended', async (t, store) => {
    t.strictSame((await load(store, { user: BOB })).standing, { groups: [], suspended: false });
  });
}
