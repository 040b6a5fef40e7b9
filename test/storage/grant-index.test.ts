/** The index in which a decision looks up the grants on one path. */

import t from 'tap';
import { indexByPrincipal } from '../../src/storage/grant-index.js';
import { grants } from '../acl/given.js';
import { principal } from './given.js';

t.test('every grant is found under its principal, in the order given', async (t) => {
  const given = grants(['user:bob read /a', 'anyone read /a', 'user:bob deny write /a']);
  const index = indexByPrincipal(given);
  t.strictSame(
    [...index],
    [
      ['user:bob', [given[0], given[2]]],
      ['anyone', [given[1]]],
    ],
  );
});

t.test('principals that differ in one byte are apart', async (t) => {
  const given = grants(['user:caf\u00e9 read /a', 'user:cafe\u0301 read /a', 'user:Caf\u00e9 read /a']);
  const index = indexByPrincipal(given);
  t.equal(index.size, 3);
  t.strictSame(index.get(principal('user:cafe\u0301')), [given[1]]);
});

t.test('a principal named like a property of every object has no grants of its own', async (t) => {
  const index = indexByPrincipal(grants(['user:bob read /a']));
  t.equal(index.get('constructor' as never), undefined);
  t.equal(index.get('__proto__' as never), undefined);
});

t.test('no grants make an index that finds nothing', async (t) => {
  const index = indexByPrincipal([]);
  t.equal(index.size, 0);
  t.equal(index.get(principal('anyone')), undefined);
});

t.test('paths without grants share one index, so that a cache of them stays small', async (t) => {
  t.equal(indexByPrincipal([]), indexByPrincipal([]));
});
