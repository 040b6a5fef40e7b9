/** A service that goes on running when a newer Latchkey has migrated the store: it says that it is to be restarted. */

import SQLite from 'better-sqlite3';
import t from 'tap';
import { API, isProblem, WRITE } from '../http/asking-files.js';
import { startFiles } from '../http/files-process.js';

const FILE = '/users/alice/plan';

t.test('it is not ready, decides nothing and writes nothing', async (t) => {
  const dataFolder = `${t.testdir()}/data`;
  const files = await startFiles(t, dataFolder);
  t.equal((await files.ask('PUT', `${WRITE}${FILE}`, { as: 'alice', body: 'x' })).status, 201);
  const db = new SQLite(`${dataFolder}/latchkey.db`);
  db.exec('PRAGMA user_version = 1000');
  db.close();
  const ready = await files.ask('GET', '/readyz');
  t.equal(ready.status, 503);
  t.match(ready.text, /the store has schema 1000, this process knows \d+: restart it/);
  const check = `${API}/check?principal=user:bob&action=read&path=${FILE}`;
  isProblem(t, await files.ask('GET', check, { as: 'alice' }), 503, 'store-unavailable', /try again/);
  const put = await files.ask('PUT', `${WRITE}${FILE}`, { as: 'alice', body: 'y' });
  isProblem(t, put, 503, 'store-unavailable', /try again/);
});
