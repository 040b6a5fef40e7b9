/** What the files service tells of itself while something of it is broken: the rest, and that it is. */

import t from 'tap';
import { exposition } from '../../src/metrics/family.js';
import { FilesCounts, filesMetrics } from '../../src/metrics/files-metrics.js';

t.test('digests are told of where they are kept, and nowhere else', async (t) => {
  const figures = { counts: new FilesCounts(), root: t.testdir(), checkReady: () => undefined };
  const { text } = await exposition(filesMetrics({ ...figures, digests: { stored: 3, waiting: 2 } }))();
  t.match(await text(), /^latchkey_stored_digests_total 3$/m);
  t.match(await text(), /^latchkey_waiting_digests 2$/m);
  const off = await exposition(filesMetrics(figures))();
  t.notMatch(await off.text(), 'digests');
});

t.test('where the disk and the store cannot be asked, all else is told', async (t) => {
  const counts = new FilesCounts();
  counts.answered('/_latchkey/uploads/:id', 503);
  const checkReady = () => {
    throw new Error('the store is away');
  };
  const { text } = await exposition(filesMetrics({ counts, root: `${t.testdir()}/gone`, checkReady }))();
  const told = await text();
  t.match(told, 'latchkey_requests_total{route="/_latchkey/uploads/:id",status="503"} 1');
  t.match(told, 'latchkey_store_up 0');
  t.notMatch(told, /^latchkey_free_bytes/m, 'of what is not known there is no sample');
});
