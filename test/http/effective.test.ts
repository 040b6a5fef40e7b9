/** What a visitor is told of where a change is in force: how many, and no machine's name, which is for the operator's log. */

import t from 'tap';
import type { Receipt } from '../../src/acl/fleet-ports.js';
import { EffectiveSchema, effectiveNow } from '../../src/http/effective.js';

const NAME = 'authorizer@web1:4711';
const RECEIPT: Receipt = {
  confirmed: 2,
  authorizers: 3,
  tookMs: 1_041,
  unconfirmed: [{ name: NAME, unseenMs: 12_000, stalenessMaxMs: 1_000 }],
  certainAt: Date.parse('2027-01-31T12:00:00Z'),
};

async function told(receiptOf: () => Promise<Receipt>) {
  const logged: unknown[] = [];
  const followers = {
    acl: { revision: async () => 7 },
    receipts: { receiptOf, boundMs: async () => 0 },
  };
  const log = { warn: (...words: readonly unknown[]) => void logged.push(words.at(-1)) };
  return { answer: await effectiveNow(followers, log), logged };
}

t.test('a visitor has the counts, and the operator the names', async (t) => {
  const { answer, logged } = await told(async () => RECEIPT);
  t.strictSame(answer, {
    effective: { confirmed: 2, authorizers: 3, tookMs: 1_041, certainAt: '2027-01-31T12:00:00.000Z' },
  });
  t.strictSame(logged, [`${NAME} was not seen for 12 s; it asks the store itself`]);
  t.strictSame(Object.keys(EffectiveSchema.properties), Object.keys(answer.effective ?? {}));
});

t.test('of one that cannot be had nothing is told, and the log says so', async (t) => {
  const { answer, logged } = await told(() => Promise.reject(new Error('away')));
  t.strictSame(answer, {});
  t.strictSame(logged, ['which authorizers decide by a change is not known']);
});
