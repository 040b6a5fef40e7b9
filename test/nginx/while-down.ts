/** A service that is killed and stays away for as long as a test looks: whoever would start it again is held meanwhile. */

import { childrenOf, isAlive } from '../commands/processes.js';
import { type Site, until } from './running-site.js';

const GONE_MS = 30_000;

export async function whileDown(
  site: Site,
  service: 'authorizer' | 'files',
  work: () => Promise<void>,
): Promise<void> {
  const supervisor = site.process.pid ?? 0;
  const child = childrenOf(supervisor).find(({ words }) => words.includes(service));
  if (child === undefined) throw new Error(`there is no process of ${service}`);
  process.kill(supervisor, 'SIGSTOP');
  try {
    process.kill(child.pid, 'SIGKILL');
    await until(
      async () => isAlive(child.pid),
      (alive) => !alive,
      GONE_MS,
    );
    await work();
  } finally {
    process.kill(supervisor, 'SIGCONT');
  }
}
