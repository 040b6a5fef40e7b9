/** Tickets: good for one purpose and one link until they end, in one spelling, and not to be forged. */

import fc from 'fast-check';
import t from 'tap';
import { signUrl } from '../../src/links/signed-url.js';
import { type TicketPurpose, Tickets } from '../../src/links/ticket.js';
import { path } from '../acl/given.js';

const K1 = { id: 'k1', secret: 'a secret of at least 32 bytes, for links' };
const K2 = { id: 'k2', secret: 'another secret of at least 32 bytes, too' };
const NOW = 1_800_000_000_000;
const USE = { purpose: 'lease', linkId: 'link-1' } as const;
const CLAIMS = { value: 'AZaz09_-', expiresAt: NOW + 60_000 };

function issued(keys = [K1]): string {
  return new Tickets(keys).issue({ ...USE, ...CLAIMS });
}

t.test('a ticket says what it was issued with, until it ends', async (t) => {
  const tickets = new Tickets([K1]);
  const text = issued();
  t.same(tickets.read(text, USE, NOW), CLAIMS);
  t.same(tickets.read(text, USE, CLAIMS.expiresAt - 1), CLAIMS);
  t.equal(tickets.read(text, USE, CLAIMS.expiresAt), undefined);
  t.equal(issued(), text, 'there is one text of it');
  t.match(text, /^[\w.-]+$/, 'which a cookie can hold as it is');
});

t.test('for another purpose, another link or by another key it is none', async (t) => {
  const text = issued();
  t.equal(new Tickets([K1]).read(text, { ...USE, purpose: 'password' }, NOW), undefined);
  t.equal(new Tickets([K1]).read(text, { ...USE, linkId: 'link-2' }, NOW), undefined);
  t.equal(new Tickets([K2]).read(text, USE, NOW), undefined);
  t.equal(new Tickets([{ ...K2, id: 'k1' }]).read(text, USE, NOW), undefined, 'a key of the same name');
  t.equal(new Tickets([]).read(text, USE, NOW), undefined);
});

t.test('the first key signs, and every one is read', async (t) => {
  const both = new Tickets([K2, K1]);
  t.same(both.read(issued([K1]), USE, NOW), CLAIMS);
  t.same(new Tickets([K2]).read(both.issue({ ...USE, ...CLAIMS }), USE, NOW), CLAIMS);
  both.replaceKeys([K2]);
  t.equal(both.read(issued([K1]), USE, NOW), undefined, 'until it is dropped');
  both.replaceKeys([K1, K2]);
  t.equal(both.issue({ ...USE, ...CLAIMS }), issued([K1]));
});

t.test('what back ends sign with the same key is no ticket, nor is a ticket a signed URL', async (t) => {
  const claims = {
    keyId: 'k1',
    path: path('/'),
    issuedAt: 0,
    expiresAt: 2_000_000_000,
    id: 'link-1',
    generation: 0,
  };
  const signature = signUrl(K1.secret, claims).split('.').at(-1) ?? '';
  const ticket = issued().split('.');
  t.same(new Tickets([K1]).read(ticket.join('.'), USE, NOW), CLAIMS);
  t.equal(new Tickets([K1]).read(ticket.with(-1, signature).join('.'), USE, NOW), undefined);
});

t.test('what could be read in two ways is not issued', async (t) => {
  const tickets = new Tickets([K1]);
  const good = { ...USE, ...CLAIMS };
  for (const bad of [
    { linkId: '' },
    { linkId: 'a\nb' },
    { linkId: 'a'.repeat(65) },
    { value: '' },
    { value: 'a.b' },
    { value: 'a\nb' },
    { value: 'a'.repeat(65) },
    { expiresAt: -1 },
    { expiresAt: 1.5 },
    { expiresAt: Number.NaN },
    { expiresAt: Number.POSITIVE_INFINITY },
  ]) {
    t.throws(() => tickets.issue({ ...good, ...bad }), { name: 'RangeError' }, JSON.stringify(bad));
  }
  t.throws(() => new Tickets([]).issue(good), /no key/);
});

t.test('other spellings of a ticket are none', async (t) => {
  const text = issued();
  const fields = text.split('.');
  const signature = fields[4] ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const sameBytes = signature.slice(0, -1) + (alphabet[alphabet.indexOf(signature.at(-1) ?? '') + 1] ?? '');
  t.same(
    Buffer.from(sameBytes, 'base64url'),
    Buffer.from(signature, 'base64url'),
    'two texts of the same bytes',
  );
  const tickets = new Tickets([K1]);
  for (const other of [
    fields.with(4, sameBytes).join('.'),
    `${text}=`,
    ` ${text}`,
    `${text}\n`,
    `"${text}"`,
    fields.with(2, `0${CLAIMS.expiresAt}`).join('.'),
    fields.with(2, `+${CLAIMS.expiresAt}`).join('.'),
    fields.with(2, `${CLAIMS.expiresAt}.0`).join('.'),
    fields.with(0, '01').join('.'),
    `${text}.`,
    '',
  ]) {
    t.equal(tickets.read(other, USE, NOW), undefined, JSON.stringify(other));
  }
});

t.test('of 20,000 mutations not one is accepted', async (t) => {
  const tickets = new Tickets([K1, K2]);
  const purposes: readonly TicketPurpose[] = ['password', 'lease'];
  const originals = purposes.flatMap((purpose) =>
    ['link-1', 'a'].map((linkId) => ({
      purpose,
      linkId,
      text: tickets.issue({ purpose, linkId, ...CLAIMS }),
    })),
  );
  const piece = fc.oneof(
    fc.constantFrom('', '.', '0', '1', '9', 'A', 'k1', 'k2', '=', '-', '_', '%2e', '\n', '\0', ' '),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  let accepted = 0;
  let tried = 0;
  fc.assert(
    fc.property(
      fc.nat(originals.length - 1),
      fc.nat(originals.length - 1),
      fc.nat(120),
      fc.nat(3),
      piece,
      (i, j, at, cut, put) => {
        const original = originals[i];
        const asked = originals[j];
        if (original === undefined || asked === undefined) throw new Error('no such original');
        const { text } = original;
        const mutated = text.slice(0, at % text.length) + put + text.slice((at % text.length) + cut);
        if (mutated === text && i === j) return;
        tried += 1;
        if (tickets.read(mutated, asked, NOW) !== undefined) accepted += 1;
      },
    ),
    { numRuns: 22_000 },
  );
  t.ok(tried >= 20_000, `${tried} tried`);
  t.equal(accepted, 0);
  for (const { text, ...use } of originals)
    t.same(tickets.read(text, use, NOW), CLAIMS, 'the originals are good');
});
