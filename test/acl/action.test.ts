/** Actions (DESIGN §1): read < write < manage, and the one mapping from HTTP methods. */

import t from 'tap';
import { ACTIONS, actionOfMethod, andGreater, includes, parseAction } from '../../src/acl/action.js';

t.test('the actions are read, write and manage, by exactly these names', async (t) => {
  t.same(ACTIONS, ['read', 'write', 'manage'], 'from the least to the greatest');
  for (const action of ['read', 'write', 'manage']) t.equal(parseAction(action), action, action);
  for (const text of ['', 'Read', 'READ', 'read ', 'r', 'delete', '0', 'constructor', '__proto__']) {
    t.equal(parseAction(text), undefined, `'${text}' is none`);
  }
});

t.test('each action includes itself and those before it', async (t) => {
  const rows = [
    ['read', ['read']],
    ['write', ['read', 'write']],
    ['manage', ['read', 'write', 'manage']],
  ] as const;
  for (const [greater, lesser] of rows) {
    const included = ACTIONS.filter((action) => includes(greater, action));
    t.same(included, lesser, `${greater} includes ${lesser.join(', ')}`);
  }
});

t.test('a revoke of an action takes it and every greater one', async (t) => {
  t.same(andGreater('read'), ['read', 'write', 'manage'], 'read');
  t.same(andGreater('write'), ['write', 'manage'], 'write');
  t.same(andGreater('manage'), ['manage'], 'manage');
});

t.test('GET and HEAD read', async (t) => {
  for (const method of ['GET', 'HEAD']) t.equal(actionOfMethod(method), 'read', method);
});

t.test('every other method, known or not, may write', async (t) => {
  const known = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'MOVE', 'COPY', 'PROPFIND'];
  for (const method of [...known, '', 'get', 'Get', 'head', 'GET ', 'GETS', 'GET,PUT', 'BREW']) {
    t.equal(actionOfMethod(method), 'write', `'${method}'`);
  }
});
