/** Whether the store answers, as both services tell it. */

import { type Family, gauge } from './family.js';

export function storeUp(check: () => unknown): Family {
  return gauge(
    'latchkey_store_up',
    '1: the store answered just now; 0: nothing can be decided.',
    async () => {
      try {
        await check();
        return 1;
      } catch {
        return 0;
      }
    },
  );
}
