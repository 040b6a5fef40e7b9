/** A link that was taken back opens nothing more when the command has returned, however many are at it. */

import t from 'tap';
import { keptConnection } from './running-site.js';
import { type MadeLink, type SharedSite, sharedSite } from './shared-links.js';

const CLIENTS = 100;
const ROUNDS = 5;

t.test(`${CLIENTS} clients loop over a link: no success starts after the revoke returned`, async (t) => {
  const site = await sharedSite(t);
  await site.put('/team/plan.txt', 'shared');
  const ways: readonly ((link: MadeLink) => Promise<unknown>)[] = [
    (link) => site.cli('link', 'revoke', link.id),
    (link) => site.store.shareLinks.revokeLink(link.id, Date.now()),
  ];
  for (const revoke of ways) {
    for (let round = 0; round < ROUNDS; round++) await raced(site, revoke);
  }

  async function raced(on: SharedSite, revoke: (link: MadeLink) => Promise<unknown>) {
    const link = await on.share('/team/');
    let returned = Number.POSITIVE_INFINITY;
    let before = 0;
    let after = 0;
    let late = 0;
    const clients = Array.from({ length: CLIENTS }, () => keptConnection(t, on.port));
    const looping = clients.map(async (ask, i) => {
      while (after < CLIENTS) {
        const begun = performance.now();
        const { status } = await ask('GET', i % 4 === 0 ? `${link.url}/` : `${link.url}/plan.txt`);
        if (begun > returned) {
          after += 1;
          if (status !== 410) late += 1;
        } else if (status === 200) before += 1;
      }
    });
    while (before < CLIENTS) await new Promise((resolve) => setImmediate(resolve));
    await revoke(link);
    returned = performance.now();
    await Promise.all(looping);
    t.ok(before >= CLIENTS, `${before} had it before`);
    t.equal(late, 0, `none of the ${after} that asked afterwards`);
  }
});
