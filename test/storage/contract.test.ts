/** Each store that we ship keeps the contract. */

import t from 'tap';
import { STORES } from './given.js';
import { storeContract } from './store-contract.js';

for (const [name, open] of Object.entries(STORES)) storeContract(t, name, open);
