/** kill -9 at every step of a commit and of a removal, by a process that really dies (DESIGN §8). */

import t from 'tap';
import { scene } from './given.js';
import { endsWhole, killsOf, SCENARIOS } from './killed-commits.js';

for (const scenario of SCENARIOS) {
  for (const killed of killsOf(scenario)) {
    const [step, nth] = killed.kill;
    t.test(`${scenario.name}, ${killed.bodies}, killed at '${step}' (${nth})`, async (t) =>
      endsWhole(t, await scene(t), scenario, killed),
    );
  }
}
