/**
 * Moves under a real nginx: while one is under way both paths are 503, never the bytes under somebody else's grants; then
 * the file is where it was moved to, for those whom its own grants name, and its link opens it.
 */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import t from 'tap';
import type { MoveEntry } from '../../src/acl/tree-ports.js';
import { path } from '../acl/given.js';
import { draft } from '../storage/given.js';
import { partialsIn } from '../uploads/given.js';
import { keptConnection, until } from './running-site.js';
import { type SharedSite, sharedSite } from './shared-links.js';

const API = '/_latchkey/api/v1/files';

/** The runs of one status after another: `404 503 403`. */
function runs(statuses: readonly number[]): string {
  return statuses.filter((status, i) => status !== statuses[i - 1]).join(' ');
}

const grant = ({ store }: SharedSite, ...lines: readonly string[]) => store.acl.putGrants(lines.map(draft));

t.test('nobody meets the bytes under the grants of another path', async (t) => {
  const site = await sharedSite(t);
  await site.put('/private/plan', 'the plan');
  await grant(
    site,
    'user:bob read /private/plan',
    'user:ann deny read /private/plan',
    'user:ann read /team/',
  );
  const link = await site.share('/private/plan');
  const opened = async () => {
    const { status, body } = await site.get(`${link.url}/plan`);
    return status === 200 ? body.toString() : String(status);
  };
  t.equal(await opened(), 'the plan');
  const entry: MoveEntry = {
    name: 'by hand',
    from: path('/private/plan'),
    to: path('/team/plan'),
    grants: 'keep',
    file: { bytes: 8, modifiedSeconds: 1 },
  };
  await site.store.moves.beginMove(entry);
  for (const [user, on] of [
    ['bob', '/files/private/plan'],
    ['ann', '/files/private/plan'],
    ['bob', '/files/team/plan'],
    ['ann', '/files/team/plan'],
  ] as const) {
    const { status } = await site.ask('GET', on, { token: site.token(user) });
    t.equal(status, 503, `${on} of ${user} while it is under way`);
  }
  t.equal(await opened(), '503');
  await site.store.moves.abandonMove(entry);
  let moved = false;
  const watch = async (user: string, path: string, begun: () => void) => {
    const ask = keptConnection(t, site.port);
    const seen: number[] = [];
    const bodies = new Set<string>();
    for (let last = false; !last; ) {
      last = moved; // once more, now that it has answered
      const { status, text } = await ask('GET', path, user === '' ? undefined : site.token(user));
      seen.push(status);
      if (status === 200) bodies.add(text);
      begun();
    }
    return { seen: runs(seen), bodies: [...bodies] };
  };
  const watched = (user: string, path: string) => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    return { begun, end: watch(user, path, resolve) };
  };
  const watchers = [
    watched('bob', '/files/private/plan'),
    watched('ann', '/files/private/plan'),
    watched('bob', '/files/team/plan'),
    watched('ann', '/files/team/plan'),
    watched('', `${link.url}/plan`),
  ] as const;
  await Promise.all(watchers.map(({ begun }) => begun));
  const ask = keptConnection(t, site.port);
  const body = { from: '/private/plan', to: '/team/plan' };
  const answer = await ask('POST', `${API}/move`, site.token('root'), body);
  t.equal(answer.status, 200, answer.text);
  moved = true;
  const [bobOld, annOld, bobNew, annNew, byLink] = await Promise.all([
    watchers[0].end,
    watchers[1].end,
    watchers[2].end,
    watchers[3].end,
    watchers[4].end,
  ]);
  // It takes a tenth of a second, in which a busy machine may have asked nothing.
  t.match(bobOld.seen, /^200 (?:503 )?403$/);
  t.match(annOld.seen, /^403(?: 503 403)?$/);
  t.match(bobNew.seen, /^403 (?:503 )?200$/);
  t.match(byLink, { seen: /^200(?: 503 200)?$/, bodies: ['the plan'] }, 'nor does its link open another');
  t.match(annNew.seen, /^404 (?:503 )?403$/, 'ann, who may read the folder, never gets the file');
  t.strictSame(
    [...bobOld.bodies, ...bobNew.bodies].every((text) => text === 'the plan'),
    true,
  );
  const after = async (user: string, path: string) =>
    (await ask('GET', `/files${path}`, site.token(user))).status;
  t.strictSame(
    [await after('bob', '/team/plan'), await after('ann', '/team/plan'), await after('bob', '/private/plan')],
    [200, 403, 403],
  );
  t.equal((await site.get(`${link.url}/plan`)).body.toString(), 'the plan', 'and the link has followed');
});

t.test(
  'a folder moves whole, its links with it, and what is made at the old path is nobody else s',
  async (t) => {
    const site = await sharedSite(t);
    await site.put('/team/a.txt', 'a');
    await site.put('/team/sub/b.txt', 'b');
    await grant(site, 'user:bob read /team/sub/');
    const [folder, file] = [await site.share('/team/'), await site.share('/team/sub/b.txt')];
    const moved = await site.cli('mv', '/team/', '/archive/');
    t.match(moved, { code: 0, stderr: '' }, 'by the command line, beside the running services');
    const bob = site.token('bob');
    const statusOf = async (path: string) => (await site.ask('GET', `/files${path}`, { token: bob })).status;
    t.strictSame(
      [
        await statusOf('/archive/sub/b.txt'),
        await statusOf('/archive/a.txt'),
        await statusOf('/team/sub/b.txt'),
      ],
      [200, 403, 403],
    );
    t.equal((await site.get(`${folder.url}/sub/b.txt`)).body.toString(), 'b');
    t.equal((await site.get(`${file.url}/b.txt`)).body.toString(), 'b');
    await site.put('/team/sub/b.txt', 'another');
    t.equal(await statusOf('/team/sub/b.txt'), 403, 'no grant was left there');
    t.equal((await site.get(`${file.url}/b.txt`)).body.toString(), 'b', 'and no link');
  },
);

t.test('nginx itself moves and copies nothing', async (t) => {
  const site = await sharedSite(t);
  await site.put('/a', 'a');
  const headers = { Destination: `http://localhost:${site.port}/files/b` };
  for (const method of ['MOVE', 'COPY', 'MKCOL', 'PROPFIND']) {
    const { status } = await site.ask(method, '/files/a', { token: site.token('root'), headers });
    t.ok(status === 405 || status === 404, `${method}: ${status}`);
  }
  t.equal((await site.ask('GET', '/files/a', { token: site.token('root') })).body.toString(), 'a');
  t.equal((await site.ask('GET', '/files/b', { token: site.token('root') })).status, 404);
});

t.test('a file request follows its folder, also while a file is being sent', async (t) => {
  const site = await sharedSite(t);
  await site.put('/inbox/first', 'first');
  const link = await site.share('/inbox/', {}, { kind: 'upload' });
  const sent = request({
    host: '127.0.0.1',
    port: site.port,
    method: 'PUT',
    path: `${link.url}/second.txt`,
    headers: { 'Content-Length': 8 },
  });
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  sent.write('half');
  const partials = async () => {
    await new Promise((resolve) => setImmediate(resolve)); // what is sent is sent between two looks
    return partialsIn(site.dataFolder).length;
  };
  await until(partials, (count) => count > 0, 30_000);
  t.match(await site.cli('mv', '/inbox/', '/archive/'), { code: 0, stderr: '' });
  sent.end('half');
  const [answer] = await answered;
  answer.resume();
  t.equal(answer.statusCode, 201);
  const folder = `${site.dataFolder}/store/files`;
  t.equal(readFileSync(`${folder}/archive/second.txt`, 'utf8'), 'halfhalf');
  t.strictSame(readdirSync(folder), ['archive'], 'and nothing is at the old place');
});
