/** Receipts over a list that the test is: whom they wait for, for how long, and what they say of the others. */

import t from 'tap';
import { ANNOUNCEMENT_KEPT_MS, type AnnouncedAuthorizer } from '../../src/acl/fleet-ports.js';
import { receiptLine, receiptWarnings } from '../../src/acl/receipt-json.js';
import { WaitingReceipts } from '../../src/storage/waiting-receipts.js';

const BOUND_MS = 2_000;
const AT = 1_700_000_000_000;

function named(name: string, revision: number, more: Partial<AnnouncedAuthorizer> = {}): AnnouncedAuthorizer {
  return {
    id: name,
    name,
    place: '',
    pid: 1,
    stalenessMaxMs: BOUND_MS,
    unseenMs: 0,
    announcement: '',
    revision,
    ...more,
  };
}

/** Each look finds the next of `looks`, the last one again and again, and takes `lookMs`. */
function receiptsOf(
  looks: readonly (readonly AnnouncedAuthorizer[])[],
  lookMs = 10,
  forgotten: string[] = [],
) {
  let looked = 0;
  let now = 0;
  const list = {
    authorizers: async () => {
      now += lookMs;
      looked += 1;
      return looks[Math.min(looked, looks.length) - 1] ?? [];
    },
    forget: async (gone: readonly { readonly id: string }[]) =>
      void forgotten.push(...gone.map(({ id }) => id)),
  };
  return new WaitingReceipts(list, { monotonic: () => now, wall: () => AT + now });
}

t.test('all have followed', async (t) => {
  const receipt = await receiptsOf([[named('a', 7), named('b', 9)]]).receiptOf(7);
  t.strictSame(receipt, { confirmed: 2, authorizers: 2, tookMs: 10, unconfirmed: [], certainAt: AT + 10 });
  t.equal(receiptLine(receipt), 'effective on 2/2 authorizers in 10 ms');
});

t.test('it waits for those that follow later, and for nobody who has gone', async (t) => {
  const looks = [[named('a', 6), named('b', 6)], [named('a', 7), named('b', 6)], [named('a', 7)]];
  const receipt = await receiptsOf(looks).receiptOf(7);
  t.match(receipt, { confirmed: 1, authorizers: 1, tookMs: 30, unconfirmed: [] });
});

t.test('one that has come in the meantime counts, and is waited for', async (t) => {
  const looks = [[named('a', 6)], [named('a', 7), named('b', -1)], [named('a', 7), named('b', 7)]];
  t.match(await receiptsOf(looks).receiptOf(7), { confirmed: 2, authorizers: 2, tookMs: 30 });
});

t.test('where nobody decides there is nobody to wait for', async (t) => {
  const receipt = await receiptsOf([[]]).receiptOf(7);
  t.equal(receiptLine(receipt), 'effective: no authorizer is running');
});

t.test('behind the bound of the slowest nobody is waited for, and each that is left is named', async (t) => {
  const paused = named('paused', 6, { unseenMs: 900 });
  const gone = named('gone', 6, { unseenMs: 12_000, stalenessMaxMs: 3_000 });
  const receipt = await receiptsOf([[named('a', 7), paused, gone]], 1_000).receiptOf(7);
  t.match(receipt, { confirmed: 1, authorizers: 3, certainAt: AT + 3_000 });
  t.ok(receipt.tookMs > 3_000, 'by the bound that each has told, not by our own');
  t.strictSame(receiptWarnings(receipt), [
    'paused has not confirmed; it may have been wrong until 2023-11-14T22:13:23.000Z, and no longer',
    'gone was not seen for 12 s; it asks the store itself',
  ]);
});

t.test('a store that does not answer is no receipt', async (t) => {
  const away = new Error('away');
  const list = { authorizers: () => Promise.reject(away), forget: async () => {} };
  await t.rejects(new WaitingReceipts(list, { monotonic: () => 0, wall: () => 0 }).receiptOf(1), away);
});

t.test('the clock of the store is set ahead: whoever decides by it still is waited for', async (t) => {
  const HOUR_MS = 3_600_000;
  const old = { unseenMs: HOUR_MS, announcement: 'before' };
  const looks = [
    [named('a', 6, old), named('b', 6, old)],
    [named('a', 7, { announcement: 'after' }), named('b', 6, old)],
    [named('a', 7, { announcement: 'after' }), named('b', 7, { announcement: 'after' })],
  ];
  t.match(await receiptsOf(looks).receiptOf(7), { confirmed: 2, authorizers: 2, tookMs: 30 });
});

t.test('whoever has gone for minutes and says nothing for a bound either is forgotten', async (t) => {
  const OLD_MS = ANNOUNCEMENT_KEPT_MS + 1;
  const gone = named('gone', 6, { unseenMs: OLD_MS, announcement: 'x' });
  const forgotten: string[] = [];
  const cases = [
    ['gone', gone, gone, { confirmed: 1, authorizers: 1, unconfirmed: [] }],
    ['not for long', gone, { ...gone, unseenMs: OLD_MS - 1 }, { confirmed: 1, authorizers: 2 }],
    ['it has said something', gone, { ...gone, announcement: 'y' }, { confirmed: 1, authorizers: 2 }],
  ] as const;
  for (const [name, first, last, receipt] of cases) {
    const looks = [
      [named('a', 7), first],
      [named('a', 7), last],
    ];
    t.match(await receiptsOf(looks, BOUND_MS, forgotten).receiptOf(7), receipt, name);
  }
  t.strictSame(forgotten, ['gone']);
});

t.test(
  'a look that fails is made once more: the change is committed, and would never be asked about again',
  async (t) => {
    const answers = [() => Promise.reject(new Error('late')), async () => [named('a', 7)]];
    const list = {
      authorizers: () => answers.shift()?.() ?? Promise.reject(new Error('away')),
      forget: async () => {},
    };
    const receipts = new WaitingReceipts(list, { monotonic: () => 0, wall: () => AT });
    t.match(await receipts.receiptOf(7), { confirmed: 1, authorizers: 1 });
    await t.rejects(receipts.receiptOf(7), { message: 'away' });
  },
);

t.test('however many wait, the store is asked one question at a time', async (t) => {
  let asking = 0;
  let most = 0;
  let looks = 0;
  const list = {
    authorizers: async () => {
      looks += 1;
      asking += 1;
      most = Math.max(most, asking);
      await new Promise(setImmediate);
      asking -= 1;
      return [named('a', looks)];
    },
    forget: async () => {},
  };
  const receipts = new WaitingReceipts(list, { monotonic: () => 0, wall: () => AT });
  const first = receipts.receiptOf(1);
  await new Promise(setImmediate);
  // What was under way when they came may not know of them; the second look confirms only the first.
  const told = await Promise.all(Array.from({ length: 100 }, () => receipts.receiptOf(3)));
  t.ok(told.every(({ confirmed }) => confirmed === 1));
  t.match(await first, { confirmed: 1 });
  t.equal(most, 1);
  t.ok(looks >= 3);
});

t.test('a row that cannot be removed takes nothing from a receipt', async (t) => {
  const gone = named('gone', 6, { unseenMs: ANNOUNCEMENT_KEPT_MS + 1 });
  let now = 0;
  const list = {
    authorizers: async () => {
      now += BOUND_MS;
      return [gone];
    },
    forget: () => Promise.reject(new Error('read only')),
  };
  const receipts = new WaitingReceipts(list, { monotonic: () => now, wall: () => now });
  t.match(await receipts.receiptOf(7), { confirmed: 0, authorizers: 0 });
});

t.test('who has to wait, and is answered nothing, goes on when nobody can be wrong any more', async (t) => {
  const HOUR_MS = 3_600_000;
  let now = 0;
  let isAway = false;
  const list = {
    authorizers: async () => {
      if (!isAway) return [named('slow', 7, { stalenessMaxMs: HOUR_MS })];
      now += 2 * HOUR_MS; // it took as long to find that out
      throw new Error('away');
    },
    forget: async () => {},
  };
  const receipts = new WaitingReceipts(list, { monotonic: () => now, wall: () => now }, BOUND_MS);
  await receipts.followed(7);
  isAway = true;
  await receipts.followed(8);
  await t.rejects(receipts.receiptOf(8), { message: 'away' });
});
