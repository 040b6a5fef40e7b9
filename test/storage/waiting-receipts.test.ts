/** Receipts over a list that the test is: whom they wait for, for how long, and what they say of the others. */

import t from 'tap';
import type { AnnouncedAuthorizer } from '../../src/acl/fleet-ports.js';
import { receiptLine, receiptWarnings } from '../../src/acl/receipt-json.js';
import { WaitingReceipts } from '../../src/storage/waiting-receipts.js';

const BOUND_MS = 2_000;
const AT = 1_700_000_000_000;

function named(name: string, revision: number, more: Partial<AnnouncedAuthorizer> = {}): AnnouncedAuthorizer {
  return { id: name, name, place: '', pid: 1, stalenessMaxMs: BOUND_MS, unseenMs: 0, revision, ...more };
}

/** Each look finds the next of `looks`, the last one again and again, and takes `lookMs`. */
function receiptsOf(looks: readonly (readonly AnnouncedAuthorizer[])[], lookMs = 10) {
  let looked = 0;
  let now = 0;
  const list = {
    authorizers: async () => {
      now += lookMs;
      looked += 1;
      return looks[Math.min(looked, looks.length) - 1] ?? [];
    },
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
  const list = { authorizers: () => Promise.reject(away) };
  await t.rejects(new WaitingReceipts(list, { monotonic: () => 0, wall: () => 0 }).receiptOf(1), away);
});
