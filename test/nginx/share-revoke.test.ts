/** A link that was taken back opens nothing more when that has returned, however many are at it. */

import t from 'tap';
import { keptConnection, until } from './running-site.js';
import { sharedSite } from './shared-links.js';

const CLIENTS = 100;
const ROUNDS = 10;
const BEFORE_MS = 60_000;

t.test(`${CLIENTS} clients loop over a link: no success starts after the revoke returned`, async (t) => {
  const site = await sharedSite(t);
  await site.put('/team/plan.txt', 'shared');
  const clients = Array.from({ length: CLIENTS }, () => keptConnection(t, site.port));
  for (let round = 0; round < ROUNDS; round++) {
    const link = await site.share('/team/');
    let returned = Number.POSITIVE_INFINITY;
    let [before, after, late] = [0, 0, 0];
    const looping = clients.map(async (ask, i) => {
      while (after < CLIENTS) {
        const begun = performance.now();
        const { status } = await ask('GET', i % 4 === 0 ? `${link.url}/` : `${link.url}/plan.txt`);
        if (begun <= returned) before += Number(status === 200);
        else {
          after += 1;
          late += Number(status !== 410);
        }
      }
    });
    const turn = () => new Promise<number>((resolve) => setImmediate(() => resolve(before)));
    await until(turn, (count) => count >= CLIENTS, BEFORE_MS);
    // By the command line, and as it does, from this process, which is faster.
    if (round % 2 === 0) t.match(await site.cli('link', 'revoke', link.id), { code: 0 });
    else await site.store.shareLinks.revokeLink(link.id, Date.now());
    returned = performance.now();
    await Promise.all(looping);
    t.ok(before >= CLIENTS, `${before} had it before`);
    t.equal(late, 0, `none of the ${after} that asked afterwards`);
  }
});
