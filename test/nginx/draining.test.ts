/**
 * A service is told to stop under load, and nobody keeps its socket: what is under way is answered, and nginx asks the next
 * authorizer, so that no visitor is told 5xx.
 */

import { existsSync, readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { type PastedSite, pastedSite } from './pasted-site.js';
import { requestBytes, until } from './running-site.js';

const AUTHORIZERS = 2;
const ROUNDS = 2;
const LOADS = 4;
const ANSWERS = 50;
const LIMIT_MS = 60_000;
const TARGET = '/media/users/alice/plan.txt';

t.test('two authorizers and a files service', async (t) => {
  const site = await pastedSite(t, {
    authorizers: AUTHORIZERS,
    http: ({ port }, { http, server }) => `${http}\nserver { listen 127.0.0.1:${port};\n${server}\n}`,
  });
  const token = site.token('alice');
  t.equal((await site.ask('PUT', TARGET, { token, body: 'private' })).status, 201);

  await t.test('no question fails while one authorizer after the other stops and starts', async (t) => {
    const load = startLoad(t, site, token);
    const running = [...site.authorizers];
    for (let i = 0; i < ROUNDS * AUTHORIZERS; i++) {
      const n = i % AUTHORIZERS;
      await load.goesOn();
      t.equal((await running[n]?.stop('SIGTERM'))?.code, 0);
      await load.goesOn();
      running[n] = await site.startAuthorizer(n + 1);
    }
    t.same(Object.keys(await load.stop()).sort(), ['200', '401']);
  });

  await t.test('an upload that is under way becomes a file, and then the files service ends', async (t) => {
    const text = 'half of it, and the other half';
    const head = '--xx\r\nContent-Disposition: form-data; name="f"; filename="late.txt"\r\n\r\n';
    const body = `${head}${text}\r\n--xx--\r\n`;
    const headers = { 'content-type': 'multipart/form-data; boundary=xx' };
    const bytes = requestBytes('POST', '/media/users/alice/', { token, headers, body });
    const cut = bytes.length - text.length;
    const sender = connect(site.port, '127.0.0.1');
    sender.setEncoding('latin1').write(bytes.subarray(0, cut));
    await until(
      async () => partialsOf(site).length,
      (count) => count > 0,
      LIMIT_MS,
    );
    const ended = site.files.stop('SIGTERM');
    const socket = `${site.folder}/data/run/files.sock`;
    await until(
      async () => existsSync(socket),
      (found) => !found,
      LIMIT_MS,
    );
    sender.write(bytes.subarray(cut));
    let answer = '';
    for await (const part of sender) answer += part;
    t.match(answer, /^HTTP\/1\.1 201 /);
    t.equal((await ended).code, 0);
    t.equal((await site.ask('PUT', TARGET, { token, body: 'x' })).status, 503, 'it is away');
    t.equal((await site.ask('GET', '/media/users/alice/late.txt', { token })).body.toString(), text);
    await site.startFiles();
    t.equal((await site.ask('PUT', TARGET, { token, body: 'x' })).status, 204, 'and back again');
    t.strictSame(partialsOf(site), []);
  });
});

function partialsOf({ folder }: PastedSite): readonly string[] {
  const entries = readdirSync(`${folder}/data/partial`, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Over connections that are kept, with alice's token and without one. */
function startLoad(t: Test, { port }: PastedSite, token: string) {
  const seen: Record<string, number> = {};
  let answered = 0;
  let isOver = false;
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const ask = async (headers: Readonly<Record<string, string>>) => {
    while (!isOver) {
      const status = await statusOf(agent, port, headers);
      seen[status] = (seen[status] ?? 0) + 1;
      answered += 1;
    }
  };
  const visitors = [{ authorization: `Bearer ${token}` }, {}];
  const asking = visitors.flatMap((headers) => Array.from({ length: LOADS }, () => ask(headers)));
  return {
    goesOn: () => {
      const goal = answered + ANSWERS;
      return until(
        async () => answered,
        (count) => count >= goal,
        LIMIT_MS,
      );
    },
    stop: async () => {
      isOver = true;
      await Promise.all(asking);
      return seen;
    },
  };
}

function statusOf(agent: Agent, port: number, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: TARGET, agent, headers }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.on('error', reject).end();
  });
}
