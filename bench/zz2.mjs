import { postgres } from '../test/postgres.ts';
import { withEnds } from './ends.mjs';
import { openPostgresStore } from '../dist/storage/postgres/open.js';
import { memory } from './authorizer.mjs';
const N = Number(process.argv[2]);
await withEnds(async (ends) => {
  const server = await postgres(ends, ['fsync=on','shared_buffers=128MB','autovacuum=on']);
  const store = await openPostgresStore(server.url({schema:'s'}));
  const c = await server.client(); c.query('set application_name = x');
  const seen = new Map(); let last; let rss=0;
  const timer = setInterval(async () => {
    const { rows } = await c.query("select left(regexp_replace(query, '\\s+', ' ', 'g'), 60) q, pid from pg_stat_activity where state = 'active' and application_name='latchkey'");
    for (const r of rows) { seen.set(r.q, (seen.get(r.q) ?? 0) + 0.25); try { rss=Math.max(rss, memory(r.pid)); } catch {} }
  }, 250);
  const pathOf = (i) => `/folder-${i % 1000}/sub-${i % 77}/file-${i}.pdf`;
  const t=performance.now(); let came;
  await store.acl.importGrants((async function*(){ for (let i=0;i<N;i+=1000) yield Array.from({length:1000},(_, j)=>({principal:`user:u${(i+j)%50000}`,path:pathOf(i+j),action:'read',effect:'allow',notBefore:undefined,expiresAt:undefined})); came=performance.now(); })());
  console.log('in', ((came-t)/1000).toFixed(1), 'after', ((performance.now()-came)/1000).toFixed(1), 'backend MiB', rss);
  clearInterval(timer); console.log([...seen]);
  await store.close();
});
