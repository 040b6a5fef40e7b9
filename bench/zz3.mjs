import { postgres } from '../test/postgres.ts';
import { withEnds } from './ends.mjs';
import { openPostgresStore } from '../dist/storage/postgres/open.js';
const N = Number(process.argv[2]);
await withEnds(async (ends) => {
  const server = await postgres(ends, ['fsync=on','shared_buffers=128MB','autovacuum=on']);
  const store = await openPostgresStore(server.url({schema:'s'})); await store.close();
  const c = await server.client(); 
  await c.query("set search_path=s; set jit=off; set work_mem='64MB'");
  await c.query(`create temp table sorted_grants as select *, row_number() over () as place from (select ('/folder-' || i%1000 || '/sub-' || i%77 || '/file-' || i || '.pdf') collate "C" path, ('user:u' || i%50000) collate "C" principal, 'read' collate "C" as action, 'allow' collate "C" effect, null::bigint nb, null::bigint ea from generate_series(1,${N}) i order by 1,2,3) x`);
  const time = async (n, sql) => { const t=performance.now(); const r = await c.query(sql); console.log(n, ((performance.now()-t)/1000).toFixed(1), (await c.query("select pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(),'0/0'))")).rows[0].pg_size_pretty); return r };
  const reset = async () => { await c.query('rollback; checkpoint'); await c.query('begin'); };
  const ins = (table) => `INSERT INTO ${table} AS g (path, principal, action, effect, not_before, expires_at, id) SELECT path, principal, action, effect, nb, ea, place FROM sorted_grants`;
  const onc = ' ON CONFLICT (left(path, 500), path_rest(path), principal, action) DO UPDATE SET effect = excluded.effect';
  for (let r=0;r<2;r++) {
  await c.query('begin'); await reset();
  await time('as is', `with m as (${ins('grants')}${onc} returning g.id, g.xmax=0 as is_new) select count(*) filter (where is_new), max(id) from m`);
  await reset(); await time('on conflict, no returning', ins('grants')+onc);
  await reset(); await time('plain insert', ins('grants'));
  await reset(); await c.query('drop index grants_by_principal'); await time('on conflict without by_principal', ins('grants')+onc); await time('  + create index', 'create index gp on grants (principal, left(path,500))');
  await reset(); await c.query('drop index grants_by_principal; drop index grants_by_path'); await time('plain without indexes', ins('grants'));  await time('  + create index', 'create index gp on grants (principal, left(path,500))');await time('  + create unique index', 'create unique index gq on grants (left(path, 500), path_rest(path), principal, action)');
  await c.query('rollback');
  }
});
