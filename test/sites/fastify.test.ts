/** People sign in to a Fastify site, and their sessions open private files: the scenario of all sites. */

import { FASTIFY } from './fastify-site.js';
import { siteScenario } from './scenario.js';

await siteScenario(FASTIFY);
