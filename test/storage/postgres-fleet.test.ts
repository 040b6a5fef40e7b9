/** What PostgreSQL keeps of a fleet: whom a write tells, and how far each authorizer has said that it is. */

import t from 'tap';
import { WRITER_LIMITS } from '../../src/storage/postgres/database.js';
import { openPostgresStore } from '../../src/storage/postgres/open.js';
import { postgres } from '../postgres.js';
import { move } from './contract-moves.js';
import { batchesOf, draft, path } from './given.js';
import { freshSchema } from './postgres-given.js';

const MOVE = move('/team/', '/new/');

const server = await postgres(t);

t.test('whatever takes a number is told of before whoever wrote goes on', async (t) => {
  const told: number[] = [];
  const url = server.url(freshSchema());
  const store = await openPostgresStore(url, WRITER_LIMITS, (revision) => told.push(revision));
  t.teardown(() => store.close());
  const grant = draft('user:bob read /team/plan.pdf');
  const writes: Readonly<Record<string, () => Promise<{ readonly revision: number }>>> = {
    'a grant': () => store.acl.putGrants([grant]),
    'an import': () => store.acl.importGrants(batchesOf([grant])),
    'the beginning of a move': () => store.moves.beginMove(MOVE),
    'the end of a move': () => store.moves.finishMove(MOVE),
    'the end of a folder': () => store.tree.forgetFolder(path('/new/')),
  };
  for (const [name, write] of Object.entries(writes)) {
    const { revision } = await write();
    t.equal(told.at(-1), revision, name);
  }
});
