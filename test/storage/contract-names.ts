/**
 * The contract's rules on names: they compare byte for byte, whatever a collation, a pattern or a file system
 * would make of them.
 */

import { TOUCHED_ALL } from '../../src/acl/ports.js';
import type { Rule } from './contract-rule.js';
import { all, draftOn, load, loadedOn, path, principal, touchedBy } from './given.js';

/** Two segments that something, somewhere, takes for the same. */
const NEARLY_THE_SAME: readonly (readonly [string, string, string])[] = [
  ['Plan.pdf', 'plan.pdf', 'case'],
  ['ÄRGER', 'ärger', 'case beyond ASCII'],
  ['ß', 'ss', 'case folding'],
  ['İ', 'i', 'the Turkish i'],
  ['caf\u00e9', 'cafe\u0301', 'NFC and NFD'],
  ['K', '\u212a', 'the kelvin sign'],
  ['ﬁ', 'fi', 'a ligature'],
  ['😀', '😁', 'emoji with one high surrogate'],
  ['👩', '👩\u200d💻', 'an emoji and its sequence'],
  ['a', 'a ', 'a trailing space'],
  ['a', ' a', 'a leading space'],
  ['a', 'a\u200b', 'a character without width'],
  ['a', 'a.', 'a trailing dot'],
  ['100%', '100%25', 'a percent sign and its escape'],
  ['%', 'x', 'the pattern of everything'],
  ['_', 'x', 'the pattern of one character'],
  ['*', 'x', 'the glob of everything'],
  ['1', '01', 'numbers'],
  ['1', '1.0', 'a number and its fraction'],
  ['a', 'a/', 'a file and a folder'],
  ["it's", 'its', 'a quote'],
];

export function namesContract(rule: Rule): void {
  rule('a path is compared byte for byte', async (t, store) => {
    for (const [one, other, odd] of NEARLY_THE_SAME) {
      const { value } = await store.acl.putGrants([draftOn(`/${odd}/${one}`), draftOn(`/${odd}/${other}`)]);
      t.not(value[0]?.id, value[1]?.id, `${odd}: two grants`);
      t.strictSame(await loadedOn(store, `/${odd}/${one}`), [value[0]], `${odd}: loaded apart`);
      t.strictSame(await store.acl.grantsOn([path(`/${odd}/${other}`)]), [value[1]], `${odd}: listed apart`);
    }
  });

  rule('a revoke takes nothing from a path that is nearly the same', async (t, store) => {
    for (const [one, other, odd] of NEARLY_THE_SAME) {
      const { value: kept } = await store.acl.putGrants([draftOn(`/${odd}/${one}`)]);
      const nearly = { ...draftOn(`/${odd}/${other}`), actions: ['read', 'write', 'manage'] as const };
      t.strictSame((await store.acl.removeGrants(nearly)).value, [], `${odd}: removed nothing`);
      t.strictSame(await loadedOn(store, `/${odd}/${one}`), kept, `${odd}: still there`);
    }
  });

  rule('a principal is compared byte for byte', async (t, store) => {
    for (const [one, other, odd] of NEARLY_THE_SAME) {
      const on = `/${odd}`;
      const users = [principal(`user:${one}`), principal(`user:${other}`)] as const;
      const { value } = await store.acl.putGrants(users.map((who) => draftOn(on, { principal: who })));
      t.not(value[0]?.id, value[1]?.id, `${odd}: two grants`);
      const found = (await store.acl.grantsOf([users[0]])).filter((grant) => grant.path === on);
      t.strictSame(found, [value[0]], `${odd}: listed apart`);
      const { paths } = await load(store, { paths: [path(on)] });
      t.strictSame(paths[0]?.grants.get(users[1]), [value[1]], `${odd}: loaded apart`);
    }
  });

  rule('a user and a group are compared byte for byte in memberships and suspensions', async (t, store) => {
    for (const [one, other, odd] of NEARLY_THE_SAME) {
      const user = principal(`user:${odd} ${one}`);
      const group = principal(`group:${odd} ${one}`);
      await store.acl.addMember(group, user);
      await store.acl.suspend(user);
      const nearly = principal(`user:${odd} ${other}`);
      t.strictSame((await load(store, { user: nearly })).standing, { groups: [], suspended: false }, odd);
      t.strictSame((await load(store, { user })).standing, { groups: [group], suspended: true }, odd);
      t.strictSame(await store.acl.groups(principal(`group:${odd} ${other}`)), [], `${odd}: no such group`);
    }
  });

  rule("a file's record is found under its own name alone", async (t, store) => {
    for (const [one, other, odd] of NEARLY_THE_SAME.filter(([, text]) => !text.endsWith('/'))) {
      const file = { path: path(`/${odd}/${one}`), owner: principal(`user:${one}`), bytes: 1, updatedAt: 2 };
      await store.files.beginCommit([
        { partial: odd, file, grants: [], replaces: undefined, visibility: 'at-once' },
      ]);
      t.strictSame(await store.files.file(file.path), file, `${odd}: as it was given`);
      t.equal(await store.files.file(path(`/${odd}/${other}`)), undefined, `${odd}: nothing else`);
    }
  });

  rule('names come back, and into the change log, as they were given', async (t, store) => {
    for (const [one, other] of NEARLY_THE_SAME) {
      const odd = [`/${one}`, `/${other}`] as const;
      const write = () => store.acl.putGrants(odd.map((text) => draftOn(text)));
      t.strictSame(await touchedBy(store, write), [...odd].sort(), odd.join(' '));
    }
    const listed = new Set((await all(store.acl.allGrants())).map((grant) => grant.path));
    for (const text of NEARLY_THE_SAME.flat().filter((_, i) => i % 3 !== 2)) {
      t.ok(listed.has(path(`/${text}`)), text);
    }
  });

  rule(
    'a file whose name is the sign of a change of everything is a file like any other',
    async (t, store) => {
      const odd = `/${TOUCHED_ALL}`;
      t.strictSame(await touchedBy(store, () => store.acl.putGrants([draftOn(odd)])), [odd]);
    },
  );
}
