/** PostgreSQL keeps the contract of the stores. */

import t from 'tap';
import { postgresStore } from './given.js';
import { storeContract } from './store-contract.js';

storeContract(t, 'PostgreSQL', postgresStore);
