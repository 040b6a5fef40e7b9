/**
 * The memory of an authorizer stays near what its cache may take, however many more files it is asked about.
 * `npm run bench:memory` has the figures for larger ones.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { SECRET, shortFolder, token } from '../http/asking-files.js';
import { LATCHKEY, plainEnvironment } from '../nginx/running-site.js';
import { draftOn, principal } from '../storage/given.js';
import { childrenOf } from './processes.js';
import { latchkey, start } from './program.js';

const PATHS = 20_000;
const GRANTS_EACH = 10;
const QUESTIONS = 100_000;
const AT_ONCE = 8;
/** 16 of the cache, 95 of the program, 32 of SQLite's pages, 48 of the young generation, and some air. */
const RESIDENT_MIB_MAX = 250;
const pathOf = (i: number) => `/d${i % 100}/${i}`;

t.test('asked about ten times what a cache of 16 MiB holds, it stays below 250', async (t) => {
  const dataFolder = `${shortFolder(t)}/data`;
  await latchkey(['acl', '/'], { env: { LATCHKEY_DATA: dataFolder } });
  const store = openSqliteStore(`${dataFolder}/latchkey.db`);
  await store.acl.importGrants(grants());
  await store.close();
  const env = { LATCHKEY_DATA: dataFolder, LATCHKEY_JWT_SECRET: SECRET, LATCHKEY_CACHE_BYTES_MAX: '16m' };
  const words = [LATCHKEY.file, ...LATCHKEY.args, 'authorizer', '--workers', '2'] as const;
  const both = /(?=[\s\S]*authorizer-1\.sock)[\s\S]*authorizer-2\.sock/; // in either order
  const { pid } = await start(t, words, both, { env: plainEnvironment(env) });
  const asked = Array.from({ length: AT_ONCE }, (_, n) => ask(`${dataFolder}/run/authorizer-1.sock`, n));
  await Promise.all(asked);
  const resident = childrenOf(pid).map((child) => residentMib(child.pid));
  t.equal(resident.length, 2);
  t.ok(Math.max(...resident) < RESIDENT_MIB_MAX, `${resident} MiB`);
});

async function* grants() {
  for (let i = 0; i < PATHS; i += 100) {
    yield Array.from({ length: 100 * GRANTS_EACH }, (_, j) =>
      draftOn(pathOf(i + Math.floor(j / GRANTS_EACH)), { principal: principal(`user:u${j % GRANTS_EACH}`) }),
    );
  }
}

/** One connection that asks one question after another. */
function ask(socketPath: string, first: number): Promise<void> {
  const rest = `Host: a\r\nX-Latchkey-Method: GET\r\nAuthorization: Bearer ${token('u1')}\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let asked = 0;
    const next = () => {
      if (asked === QUESTIONS / AT_ONCE) {
        socket.end();
        return;
      }
      // A step that has no factor in common with the number of paths comes to all of them.
      const path = pathOf((first * 2_500 + asked * 7_919) % PATHS);
      asked += 1;
      socket.write(`GET /authorize/files${path} HTTP/1.1\r\n${rest}`);
    };
    socket.on('connect', next);
    socket.on('data', (answer) => {
      if (answer.toString('latin1', 9, 12) !== '200') reject(new Error(answer.toString()));
      next();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
