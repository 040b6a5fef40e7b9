/** People sign in to a Django site, and their sessions open private files: the scenario of all sites. */

import { DJANGO } from './django-site.js';
import { siteScenario } from './scenario.js';

await siteScenario(DJANGO);
