/** Each store that we ship keeps the contract. */

import t from 'tap';
import { OWN_STORES, STORES } from './given.js';
import { ownStoreContract, storeContract } from './store-contract.js';

for (const [name, open] of Object.entries(STORES)) storeContract(t, name, open);
for (const [name, open] of Object.entries(OWN_STORES)) ownStoreContract(t, name, open);
