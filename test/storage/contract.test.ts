/** Each store of this process alone keeps the contract. PostgreSQL's is in a file of its own, for the time that it takes. */

import t from 'tap';
import { OWN_STORES } from './given.js';
import { ownStoreContract, storeContract } from './store-contract.js';

for (const [name, open] of Object.entries(OWN_STORES)) {
  storeContract(t, name, open);
  ownStoreContract(t, name, open);
}
