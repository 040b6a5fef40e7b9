/** Every scenario of the semantics table, on SQLite and in memory, through the cache that services use. */

import t, { type Test } from 'tap';
import { ACTIONS, andGreater } from '../src/acl/action.js';
import { Authorizer } from '../src/acl/authorizer.js';
import { parseHomeTemplate } from '../src/acl/policy.js';
import type { CommitEntry, Store } from '../src/acl/ports.js';
import {
  groupPrincipal,
  type Principal,
  parsePrincipal,
  subjectAs,
  userPrincipal,
} from '../src/acl/principal.js';
import { parseResourcePath, type ResourcePath } from '../src/acl/resource-path.js';
import { CachedReader } from '../src/storage/cached-reader.js';
import { openMemoryStore } from '../src/storage/memory/memory-store.js';
import { openSqliteStore } from '../src/storage/sqlite/open.js';
import { SCENARIOS } from './semantics-scenarios.js';
import { renderedTable, writtenTable } from './semantics-table.js';

const ENOUGH = 30;

t.ok(SCENARIOS.length >= ENOUGH, 'the table has at least thirty scenarios');

t.equal(writtenTable(), renderedTable(), 'the document shows this table: npm run docs');

const STORES: Readonly<Record<string, (t: Test) => Store>> = {
  memory: () => openMemoryStore(),
  SQLite: (t) => openSqliteStore(`${t.testdir()}/latchkey.db`),
};

for (const [name, open] of Object.entries(STORES)) {
  for (const scenario of SCENARIOS) {
    t.test(`${name}: ${scenario.name}`, async (t) => {
      const store = open(t);
      t.teardown(() => store.close());
      let now = 0;
      const reader = new CachedReader(store.facts, { bytesMax: 16 * 1024 * 1024 });
      const policy = {
        administrators: new Set([must(userPrincipal('root'))]),
        home: must(parseHomeTemplate('/users/{user}/')),
      };
      const authorizer = new Authorizer(reader, policy, () => now);
      for (const step of scenario.done) await perform(store, step);
      for (const { who, action, path, groups = [], at = 0, answer } of scenario.asks) {
        now = at;
        const subject = subjectAs(
          must(parsePrincipal(who)),
          groups.map((group) => must(groupPrincipal(group))),
        );
        const decision = await authorizer.authorize({ subject, action, path: must(parseResourcePath(path)) });
        t.equal(decision.outcome, answer, `${who} ${action} ${path} at ${at} ms`);
      }
    });
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the scenario itself is wrong');
  return value;
}

async function perform({ acl, files }: Store, step: string): Promise<void> {
  const [verb, ...words] = step.split(' ');
  const [first = '', second = '', third = ''] = words;
  switch (verb) {
    case 'grant':
      return void (await acl.putGrants([
        {
          principal: must(parsePrincipal(first)),
          action: must(ACTIONS.find((action) => action === second)),
          path: must(parseResourcePath(third)),
          effect: words.includes('deny') ? 'deny' : 'allow',
          notBefore: instantIn(words, 'from='),
          expiresAt: instantIn(words, 'until='),
        },
      ]));
    case 'revoke':
      return void (await acl.removeGrants({
        principal: must(parsePrincipal(first)),
        path: must(parseResourcePath(second)),
        actions: andGreater(ACTIONS.find((action) => action === third) ?? 'read'),
        effect: words.includes('deny') ? 'deny' : 'allow',
      }));
    case 'group': {
      const pair: [Principal, Principal] = [must(groupPrincipal(second)), must(userPrincipal(third))];
      return void (await (first === 'add' ? acl.addMember(...pair) : acl.removeMember(...pair)));
    }
    case 'suspend':
      return void (await acl.suspend(must(userPrincipal(first))));
    case 'resume':
      return void (await acl.resume(must(userPrincipal(first))));
    case 'upload': {
      const entries = [uploadOf(must(parseResourcePath(first)))];
      await files.beginCommit(entries);
      return void (await files.finishCommit(entries));
    }
    case 'delete': {
      const removal = { partial: `removal ${first}`, path: must(parseResourcePath(first)) };
      await files.beginRemoval(removal);
      return files.finishRemoval(removal);
    }
    default:
      throw new Error(`no such step: ${step}`);
  }
}

function uploadOf(path: ResourcePath): CommitEntry {
  const file = { path, owner: undefined, bytes: 1, updatedAt: 0 };
  return { partial: `partial ${path}`, file, grants: [], replaces: undefined, visibility: 'at-once' };
}

function instantIn(words: readonly string[], prefix: string): number | undefined {
  const word = words.find((candidate) => candidate.startsWith(prefix));
  return word === undefined ? undefined : Number(word.slice(prefix.length));
}
