/** What a command says of where a change is in force when it does not wait, or when nobody can be asked. */

import t from 'tap';
import type { AnnouncedAuthorizer } from '../../src/acl/fleet-ports.js';
import { resultInForce } from '../../src/commands/in-force.js';
import { loadConfig } from '../../src/config.js';
import { WaitingReceipts } from '../../src/storage/waiting-receipts.js';

const OWN_MS = 200;
const THEIR_MS = 60_000;

async function said(words: Readonly<Record<string, boolean>>, list: () => Promise<AnnouncedAuthorizer[]>) {
  const results: unknown[] = [];
  const notes: string[] = [];
  const output = {
    json: false,
    result: (value: unknown) => results.push(value),
    note: (message: string) => notes.push(message),
  };
  const receipts = new WaitingReceipts(
    { authorizers: list, forget: async () => {} },
    { monotonic: () => 0, wall: () => 0 },
  );
  const config = loadConfig({ LATCHKEY_STALENESS_MAX_MS: String(OWN_MS) });
  const invocation = { config, options: words, output, positionals: [], env: {} };
  await resultInForce(invocation, { receipts }, { revision: 7 }, ['revoked']);
  return { results, notes };
}

const other = (stalenessMaxMs: number): AnnouncedAuthorizer => {
  return {
    id: 'a',
    name: 'a',
    place: '',
    pid: 1,
    stalenessMaxMs,
    unseenMs: 0,
    revision: 6,
    announcement: '',
  };
};

t.test('told not to wait, it says by the bounds of those that are there, not by its own', async (t) => {
  const began = Date.now();
  const { results, notes } = await said({ 'no-wait': true }, async () => [other(1_000), other(THEIR_MS)]);
  t.strictSame(results, [{ revision: 7 }]);
  const [, instant = ''] =
    /^in force on every authorizer from (\S+) on, at the latest$/.exec(String(notes)) ?? [];
  t.ok(Date.parse(instant) >= began + THEIR_MS, `${notes}`);
});

for (const words of [{}, { 'no-wait': true }]) {
  t.test(`a store that is away: the change is told of once ${JSON.stringify(words)}`, async (t) => {
    const { results, notes } = await said(words, () => Promise.reject(new Error('away')));
    t.strictSame(results, [{ revision: 7 }]);
    t.strictSame(notes, [
      'which authorizers decide by it is not known: away; each does when its LATCHKEY_STALENESS_MAX_MS has passed',
    ]);
  });
}
