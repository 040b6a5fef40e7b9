/** The tokens of share links: drawn at random, of one spelling, named by an id that is a word of the command line. */

import { createHash } from 'node:crypto';
import t from 'tap';
import { newShareToken, readShareToken } from '../../src/links/share-token.js';

const DRAWN = 5_000;

t.test('a token is read as it was made, and names its link by what it begins with', async (t) => {
  const { text, id, hash } = newShareToken();
  t.match(text, /^[\w-]{44}$/);
  t.strictSame(readShareToken(text), { id, hash });
  t.ok(text.startsWith(id));
  t.equal(id.length, 12);
  t.equal(hash, createHash('sha256').update(text).digest('hex'));
});

t.test('no two are alike, and no id begins with a hyphen', async (t) => {
  const drawn = Array.from({ length: DRAWN }, newShareToken);
  t.equal(new Set(drawn.map(({ id }) => id)).size, DRAWN);
  t.equal(new Set(drawn.map(({ text }) => text.slice(12))).size, DRAWN);
  t.strictSame(
    drawn.filter(({ id }) => id.startsWith('-')),
    [],
  );
  t.ok(
    drawn.some(({ text }) => text[12] === '-'),
    'which the rest may hold',
  );
});

t.test('what is spelt otherwise is no token', async (t) => {
  const { text } = newShareToken();
  const wrong = [
    '',
    text.slice(1),
    `${text}A`,
    `${text}=`,
    `-${text.slice(1)}`,
    `${text.slice(1)}+`,
    `${text.slice(1)}/`,
    `${text.slice(1)}.`,
    ` ${text.slice(1)}`,
    `${text}\n`,
    `${text.slice(1)}é`,
    `%41${text.slice(3)}`,
  ];
  for (const one of wrong) t.equal(readShareToken(one), undefined, JSON.stringify(one));
});

t.test('every character counts', async (t) => {
  const { text, hash } = newShareToken();
  for (let i = 0; i < text.length; i++) {
    const other = text[i] === 'A' ? 'B' : 'A';
    t.not(readShareToken(text.slice(0, i) + other + text.slice(i + 1))?.hash, hash);
  }
});
