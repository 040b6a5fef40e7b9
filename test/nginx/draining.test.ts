/**
 * A service is told to stop under load, and nobody keeps its socket: what is under way is answered, and nginx asks the next
 * authorizer, so that no visitor is told 5xx.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { BYTES, metadata, UPLOADS, VERSION } from '../http/tus-client.js';
import { type PastedSite, pastedSite } from './pasted-site.js';
import { requestBytes, until } from './running-site.js';

const AUTHORIZERS = 2;
const ROUNDS = 2;
const LOADS = 4;
const ANSWERS = 50;
const LIMIT_MS = 60_000;
const TARGET = '/media/users/alice/plan.txt';
const TEXT = 'half of it, and then the other half.'.repeat(100);
const FORM_HEAD = '--xx\r\nContent-Disposition: form-data; name="f"; filename="form.txt"\r\n\r\n';
const FORM_TAIL = '\r\n--xx--\r\n';

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
    const { 200: allowed = 0, 401: refused = 0, ...failed } = await load.stop();
    t.equal((await site.ask('GET', TARGET, { token })).status, 200, `${allowed} and ${refused} before`);
    t.ok(sumOf(failed) <= gaveUp(site), JSON.stringify(failed));
  });

  await t.test('uploads that are under way become files, and then the files service ends', async (t) => {
    const { status, headers } = await site.ask('POST', UPLOADS, {
      token,
      headers: {
        ...VERSION,
        'upload-length': String(TEXT.length),
        'upload-metadata': metadata({ path: '/users/alice/resumable.txt' }),
      },
    });
    t.equal(status, 201);
    const at = headers.location ?? '';
    const patch = { ...VERSION, ...BYTES, 'upload-offset': '0' };
    const resumable = halfSent(site, requestBytes('PATCH', at, { token, headers: patch, body: TEXT }));
    const partial = `${site.folder}/data/partial/tus/${at.split('/').at(-1)}`;
    const form = halfSent(
      site,
      requestBytes('POST', '/media/users/alice/', {
        token,
        headers: { 'content-type': 'multipart/form-data; boundary=xx' },
        body: `${FORM_HEAD}${TEXT}${FORM_TAIL}`,
      }),
    );
    await until(
      async () => bytesIn(partial),
      (bytes) => bytes > 0,
      LIMIT_MS,
    );
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
    t.match(await form.rest(), /^HTTP\/1\.1 201 /);
    t.match(await resumable.rest(), /^HTTP\/1\.1 204 /);
    t.equal((await ended).code, 0);
    t.equal((await site.ask('PUT', TARGET, { token, body: 'x' })).status, 503, 'it is away');
    for (const name of ['form.txt', 'resumable.txt']) {
      t.equal((await site.ask('GET', `/media/users/alice/${name}`, { token })).body.toString(), TEXT, name);
    }
    await site.startFiles();
    t.equal((await site.ask('PUT', TARGET, { token, body: 'x' })).status, 204, 'and back again');
    t.strictSame(partialsOf(site), []);
  });
});

/** All but the end of it has gone out. */
function halfSent({ port }: PastedSite, bytes: Buffer) {
  const cut = bytes.length - TEXT.length / 2;
  const sender = connect(port, '127.0.0.1');
  sender.setEncoding('latin1').write(bytes.subarray(0, cut));
  return {
    /** Answers with all that comes. */
    rest: async () => {
      sender.write(bytes.subarray(cut));
      let answer = '';
      for await (const part of sender) answer += part;
      return answer;
    },
  };
}

function bytesIn(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** How often nginx had no answer for two seconds: a busy machine may give an authorizer no time for so long. */
function gaveUp({ nginx }: PastedSite): number {
  return nginx.said().match(/upstream timed out/g)?.length ?? 0;
}

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
