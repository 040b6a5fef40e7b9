/** Every JSON answer is a line: in a terminal, what comes next begins on its own. */

import t from 'tap';
import { API, DOWNLOAD, FORM_HEADERS, form, WRITE } from './asking-files.js';
import { filesScene } from './files-scene.js';

const HOME = '/users/alice/';
const JSON_TYPE = { 'content-type': 'application/json' };
const GRANT = JSON.stringify({ principal: 'user:bob', action: 'read', path: `${HOME}plan` });
const CHECK = `${API}/check?principal=user:bob&action=read&path=${HOME}`;

t.test('an answer in JSON ends in one newline, which its length counts', async (t) => {
  const given = await filesScene(t);
  const as = 'alice';
  const posted = form({ name: 'f', filename: 'a', text: 'x' });
  const requests = [
    ['PUT', `${WRITE}${HOME}plan`, { as, body: 'x' }, 201],
    ['POST', `${WRITE}${HOME}`, { as, headers: FORM_HEADERS, body: posted }, 201],
    ['PUT', `${API}/grants`, { as, headers: JSON_TYPE, body: GRANT }, 200],
    ['GET', `${API}/grants?path=${HOME}`, { as }, 200],
    ['GET', CHECK, { as }, 200],
    ['DELETE', `${API}/grants?principal=user:bob&path=${HOME}plan`, { as }, 200],
    ['GET', `${API}/openapi.json`, {}, 200],
    ['GET', '/healthz', {}, 200],
    ['GET', '/readyz', {}, 200],
    ['PUT', `${WRITE}${HOME}plan`, { body: 'x' }, 401],
    ['GET', CHECK, {}, 401],
    ['GET', `${DOWNLOAD}${HOME}`, { as }, 404],
    ['DELETE', `${WRITE}${HOME}none`, { as }, 404],
    ['GET', '/none', {}, 404],
    ['GET', '/%zz', {}, 400],
    ['PUT', `${API}/grants`, { as, headers: JSON_TYPE, body: '{' }, 400],
    ['PUT', `${API}/grants`, { as, headers: { 'content-type': 'text/x' }, body: 'x' }, 415],
    ['PATCH', '/healthz', {}, 405],
  ] as const;
  for (const [method, target, options, status] of requests) {
    const answer = await given.ask(method, target, options);
    t.equal(answer.status, status, `${method} ${target}`);
    t.match(answer.headers['content-type'], /^application\/(?:problem\+)?json/);
    t.match(answer.text, /^\{.*\}\n$/);
    t.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.text));
  }
});

t.test('HEAD has the length of GET; what has no body gets none', async (t) => {
  const given = await filesScene(t);
  const [get, head] = [await given.ask('GET', '/healthz'), await given.ask('HEAD', '/healthz')];
  t.equal(head.headers['content-length'], get.headers['content-length']);
  const put = (body: string) => given.ask('PUT', `${WRITE}${HOME}plan`, { as: 'alice', body });
  t.equal((await put('one')).status, 201);
  const replaced = await put('two');
  t.same([replaced.status, replaced.text, replaced.headers['content-length']], [204, '', undefined]);
  const download = await given.ask('GET', `${DOWNLOAD}${HOME}plan`, { as: 'alice' });
  t.same([download.status, download.text], [200, '']);
});
