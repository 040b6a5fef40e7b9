/** Which of our keys are tried for a token: the table of `select`, and what several sources are together. */

import t from 'tap';
import type { Algorithm } from '../../src/credentials/token-header.js';
import type { TokenKey } from '../../src/credentials/token-key.js';
import { FixedKeys, type KeySource, select, TokenKeys } from '../../src/credentials/token-keys.js';

/** `RS256 a` is a key of that algorithm and id, `RS256` one without an id. */
function key(text: string, fingerprint = text): TokenKey {
  const [algorithm = '', id] = text.split(' ');
  return { algorithm: algorithm as Algorithm, id, fingerprint, verify: () => ({}) };
}

function header(text: string) {
  const { algorithm, id } = key(text);
  return { algorithm, keyId: id };
}

const SETS = {
  'one with an id': ['RS256 a'],
  'two with ids': ['RS256 a', 'RS256 b'],
  'two kinds of one id': ['RS256 a', 'ES256 a', 'ES256 b'],
  'one without': ['RS256'],
  'with and without': ['RS256 a', 'RS256', 'ES256'],
} as const;

const TABLE: readonly (readonly [set: keyof typeof SETS, token: string, tried: readonly string[]])[] = [
  ['one with an id', 'RS256 a', ['RS256 a']],
  ['one with an id', 'RS256 A', []],
  ['one with an id', 'RS256 b', []],
  ['one with an id', 'ES256 a', []],
  ['one with an id', 'HS256 a', []],
  ['one with an id', 'RS256', ['RS256 a']],
  ['one with an id', 'PS256', []],
  ['two with ids', 'RS256 b', ['RS256 b']],
  ['two with ids', 'RS256', []],
  ['two kinds of one id', 'ES256 a', ['ES256 a']],
  ['two kinds of one id', 'RS256 a', ['RS256 a']],
  ['two kinds of one id', 'RS256 b', []],
  ['two kinds of one id', 'RS256', ['RS256 a']],
  ['two kinds of one id', 'ES256', []],
  ['one without', 'RS256 a', ['RS256']],
  ['one without', 'RS256', ['RS256']],
  ['one without', 'HS256 a', []],
  ['with and without', 'RS256 a', ['RS256 a']],
  ['with and without', 'RS256 b', ['RS256']],
  ['with and without', 'RS256', ['RS256']],
  ['with and without', 'ES256 a', []],
  ['with and without', 'ES256 b', ['ES256']],
];

t.test('select', async (t) => {
  for (const [set, token, tried] of TABLE) {
    const keys = SETS[set].map((text) => key(text));
    t.same(names(select(keys, header(token))), tried, `${set}: ${token}`);
    t.same(select([], header(token)), [], 'and of no keys none');
  }
});

t.test('at most four are tried, however many have one id or none', async (t) => {
  for (const text of ['RS256 a', 'RS256']) {
    const keys = Array.from({ length: 100 }, (_, i) => key(text, `${i}`));
    t.equal(select(keys, header('RS256 a')).length, 4);
  }
});

function names(keys: readonly TokenKey[]): readonly string[] {
  return keys.map(({ fingerprint }) => fingerprint);
}

/** A source that has `before`, and `after` once it was asked. */
function source(before: readonly string[], after: readonly string[] = before, isAway = false) {
  const state = { keys: before.map((text) => key(text)), isAway, asked: 0 };
  const seek: KeySource['seek'] = () => {
    state.asked += 1;
    state.keys = after.map((text) => key(text));
    return Promise.resolve();
  };
  return Object.assign(state, { seek });
}

t.test('a key that one source knows costs no question to another', async (t) => {
  const away = source([], [], true);
  const keys = new TokenKeys([new FixedKeys([key('RS256'), key('HS256 s')]), away, source(['RS256 a'])]);
  t.same(names(keys.known(header('RS256 a'))), ['RS256 a'], 'by its id, and not the one without');
  t.same(names(keys.known(header('RS256 b'))), ['RS256'], 'of an unknown id, the one without first');
  for (const token of ['RS256 a', 'HS256 s', 'HS256 unknown', 'HS256', 'ES256 a']) {
    t.same(keys.sought(header(token), []), [], `${token} is nobody's new key`);
    t.notOk(keys.isUnsure(header(token)));
  }
  t.equal(away.asked, 0);
});

t.test('an unknown key is looked for, and what was tried is not tried again', async (t) => {
  const issuer = source(['RS256 a'], ['RS256 a', 'RS256 b']);
  const keys = new TokenKeys([new FixedKeys([key('RS256')]), issuer]);
  const tried = keys.known(header('RS256 b'));
  t.same(names(await keys.sought(header('RS256 b'), tried)), ['RS256 b']);
  const single = source(['RS256 a'], ['RS256 b']);
  const without = new TokenKeys([single]);
  t.same(names(await without.sought(header('RS256'), [key('RS256 a')])), ['RS256 b'], 'without an id, too');
  t.same([issuer.asked, single.asked], [1, 1]);
});

t.test('while a source is away an unknown key may be there', async (t) => {
  const keys = new TokenKeys([source(['RS256 a'], ['RS256 a'], true), source([])]);
  const unsure = ['RS256 a', 'RS256 b', 'RS256', 'ES256 b', 'HS256 b'].map((text) =>
    keys.isUnsure(header(text)),
  );
  t.same(unsure, [false, true, true, true, false]);
});
