/**
 * Three nodes, each an authorizer behind its own nginx, under load from two writers while everything that may be away is
 * away for once: no visitor is allowed later than the bound or in spite of a receipt, none who may is refused, and each
 * node serves again by itself. `bench/fleet.mjs` is the long form. Nothing is asserted of how long anything takes.
 */

import t, { type Test } from 'tap';
import { latchkey } from '../commands/program.js';
import { postgres } from '../postgres.js';
import { redisServer } from '../storage/redis-server.js';
import { alternateAll, alternateDuring, startScene } from './alternating.js';
import { HELD, KEPT, postgresFaults, redisFaults, suffer, untilFeed } from './faults.js';
import { startNodes } from './nodes.js';

const BOUND_MS = 1_000;
const ALTERNATIONS = 100;
const WRITTEN = ['/one.txt', '/two.txt'];

t.test('three nodes under load', async (t) => {
  const redis = await redisServer(t);
  const server = await postgres(t);
  const options = { postgres: server, redis, boundMs: BOUND_MS, files: [KEPT, HELD, ...WRITTEN] };
  const nodes = await startNodes(t, options);
  await untilFeed(nodes.all, 'listening');
  const scene = await startScene(t, nodes, options);
  const { judged, each } = scene;
  await (await scene.change(KEPT, 'granted')).isEffective;
  await each.until(KEPT, { sentAfter: judged.from(KEPT), status: 200 });
  const noneIsWrong = (t: Test, since: number) => {
    t.strictSame(judged.violations, []);
    t.ok(judged.judged > since, `none of ${judged.judged - since} that could have been`);
  };

  await t.test('two writers alternate, and each node decides by it', async (t) => {
    let left = ALTERNATIONS;
    const { revokes } = await alternateAll(scene, WRITTEN, () => left-- > 0);
    t.ok(
      revokes > 0 && revokes <= ALTERNATIONS,
      `${revokes}: one that a busy store has not answered is none`,
    );
    noneIsWrong(t, 0);
    t.comment(each.counts());
  });

  await t.test('by the command line, which publishes by Redis', async (t) => {
    const cli = (words: string) => latchkey(words.split(' '), { env: nodes.env });
    for (const words of ['sign-out carol', `grant anyone read ${HELD} --deny`]) {
      const { code, stdout } = await cli(`${words} --json`);
      t.match(
        { code, told: JSON.parse(stdout) },
        { code: 0, told: { effective: { authorizers: 3 } } },
        words,
      );
    }
    t.equal((await cli(`revoke anyone ${HELD} --deny`)).code, 0);
  });

  for (const fault of [...redisFaults(scene, redis), ...postgresFaults(scene, server)]) {
    await t.test(fault.name, async (t) => {
      const since = judged.judged;
      const { result, figures } = await alternateDuring(scene, WRITTEN, () => suffer(scene, fault, 0));
      noneIsWrong(t, since);
      t.comment(result, `${figures.revokes} revokes`);
    });
  }
});
