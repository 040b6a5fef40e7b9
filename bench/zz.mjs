import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresStore } from '../dist/storage/postgres/open.js';
import { openSqliteStore } from '../dist/storage/sqlite/open.js';
import { postgres } from '../test/postgres.ts';
import { redisServer } from '../test/storage/redis-server.ts';
import { CLI, cpu, SECRET, statusOf, tokenOf } from './authorizer.mjs';
import { withEnds } from './ends.mjs';
import { load } from './measure.mjs';
import { median } from './variant.mjs';
import { setTimeout as wait } from 'node:timers/promises';
const script = new URL('get.lua', import.meta.url).pathname;
await withEnds(async (ends) => {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-zz-'));
  ends.teardown(() => rmSync(home, { recursive: true, force: true }));
  const server = await postgres(ends); const redis = await redisServer(ends);
  const g = [{ principal: 'user:alice', path: '/d7/', action: 'read', effect: 'allow', notBefore: undefined, expiresAt: undefined }];
  const url = server.url({ schema: 'b' }); 
  let s = await openPostgresStore(url); await s.acl.putGrants(g); await s.close();
  const file = join(home,'l.db'); s = openSqliteStore(file); await s.acl.putGrants(g); await s.close();
  const modes=[]; let port=18411;
  for (const [name, env] of [['sqlite',{LATCHKEY_DATABASE_URL:`sqlite:${file}`}],['pg',{LATCHKEY_DATABASE_URL:url, LATCHKEY_REDIS_URL:redis.url}]]) {
    const data=join(home,name); mkdirSync(data+'/run',{recursive:true}); port++;
    const prof = process.env.PROF ? ['--cpu-prof','--cpu-prof-dir=/tmp/lr/prof-'+name] : [];
    const child = spawn(process.execPath, [...prof,'--max-semi-space-size=16', CLI,'authorizer','--listen',`127.0.0.1:${port}`],{env:{...process.env,...env,LATCHKEY_DATA:data,LATCHKEY_JWT_SECRET:SECRET,LATCHKEY_USER:'root',LATCHKEY_LOG_LEVEL:'warn'},stdio:['ignore',2,2,'ipc']});
    await new Promise(r=>child.once('message',r));
    ends.teardown(()=>new Promise(r=>{child.once('exit',r);child.kill('SIGTERM');}));
    modes.push({name,pid:child.pid,url:`http://127.0.0.1:${port}/authorize/files/d7/f7.bin`,token:tokenOf('alice'),script,micros:[],rates:[]});
  }
  for (const m of modes) load(m,1);
  for (let r=0;r<9;r++) for (const m of modes) { const b=cpu(m.pid); const {rate,errors}=load(m,2); if(errors) throw new Error('x'); m.rates.push(rate); m.micros.push((cpu(m.pid)-b)/(rate*2)); await wait(5);}
  for (const m of modes) console.log(m.name, Math.round(median(m.rates)), median(m.micros).toFixed(2), m.micros.map(x=>x.toFixed(1)).join(' '));
});
