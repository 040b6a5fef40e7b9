/** The change feed by a real Redis: alone, behind a Sentinel, in a cluster; killed, started again, stopped and woken. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { inspect, promisify } from 'node:util';
import t, { type Test } from 'tap';
import { parseRedisAddress } from '../../src/storage/change-feed/redis-address.js';
import { RedisFeed } from '../../src/storage/change-feed/redis-feed.js';
import { freePort } from '../nginx/free-port.js';
import { until } from '../nginx/running-site.js';
import { redisServer } from './redis-server.js';

const LIMIT_MS = 30_000;
const PUBLISHING = fileURLToPath(new URL('publishing-process.ts', import.meta.url));
const run = promisify(execFile);

/** A feed with what it has heard, and been told of its own state. */
function feedOf(t: Test, url: string, closePatienceMs?: number) {
  const said: string[] = [];
  const heard: number[] = [];
  const listener = { onLost: () => said.push('lost'), onFound: () => said.push('found') };
  const feed = new RedisFeed(parseRedisAddress(url), listener, closePatienceMs);
  // Before the server goes: asked for first.
  const going = setInterval(() => {}, 1_000);
  t.teardown(async () => {
    clearInterval(going);
    await feed.close();
  });
  const listen = () =>
    feed.listen({
      onRevision: (revision) => heard.push(revision),
      onListening: () => said.push('listening'),
    });
  const listening = (is: boolean) =>
    until(
      async () => feed.isListening,
      (now) => now === is,
      LIMIT_MS,
    );
  return { feed, said, heard, listen, listening, listenTo: (n: number) => heardUntil(heard, n) };
}

/** Of several that come at once only the last is sure to be told. */
function heardUntil(heard: readonly number[], revision: number) {
  return until(
    async () => heard.at(-1),
    (last) => last === revision,
    LIMIT_MS,
  );
}

t.test('what one publishes all hear, and whoever does not listen only publishes', async (t) => {
  const { url } = await redisServer(t);
  const [writer, ...listeners] = [feedOf(t, url), feedOf(t, url), feedOf(t, url)];
  for (const { listen, listening } of listeners) {
    listen();
    await listening(true);
  }
  writer?.feed.publish(7);
  for (const { listenTo } of listeners) await listenTo(7);
  listeners[0]?.feed.publish(8);
  for (const { listenTo } of listeners) await listenTo(8);
  t.strictSame(writer?.heard, []);
  t.strictSame(
    listeners.map(({ said }) => said),
    [['listening'], ['listening']],
  );
});

t.test('of many at once the last is told, and a late one that is older is not told behind it', async (t) => {
  const { url } = await redisServer(t);
  const { feed, heard, listen, listening, listenTo } = feedOf(t, url);
  listen();
  await listening(true);
  for (let revision = 1; revision <= 1_000; revision++) feed.publish(revision);
  await listenTo(1_000);
  t.strictSame(
    heard,
    heard.toSorted((a, b) => a - b),
  );
  t.ok(heard.length < 1_000, 'those that came while one was on its way went together');
});

t.test('a command that ends waits until what it has published has gone out', async (t) => {
  const { url } = await redisServer(t);
  const listener = feedOf(t, url);
  listener.listen();
  await listener.listening(true);
  const command = feedOf(t, url, LIMIT_MS);
  command.feed.publish(9); // before it is connected
  await command.feed.close();
  await listener.listenTo(9);
  t.strictSame(command.said, []);
});

t.test('another Latchkey in the same Redis, by its prefix, is not heard', async (t) => {
  const { url } = await redisServer(t);
  const [own, other] = [feedOf(t, url), feedOf(t, `${url}?prefix=other:`)];
  for (const { listen, listening } of [own, other]) {
    listen();
    await listening(true);
  }
  other.feed.publish(1);
  await other.listenTo(1);
  own.feed.publish(2);
  await own.listenTo(2);
  t.strictSame(own.heard, [2]);
});

t.test('Redis is killed and started again: told once, and what waited goes out', async (t) => {
  const server = await redisServer(t);
  const writer = feedOf(t, server.url);
  const listener = feedOf(t, server.url);
  listener.listen();
  await listener.listening(true);
  await server.kill();
  await listener.listening(false);
  writer.feed.publish(3);
  await server.start();
  await listener.listening(true);
  // It may have gone out before the listener was back, and is then one that was lost.
  writer.feed.publish(4);
  await listener.listenTo(4);
  t.equal(listener.said.at(0), 'listening');
  t.equal(listener.said.at(1), 'lost');
  t.equal(listener.said.at(-1), 'listening');
});

t.test('Redis is not there: nothing ends, nothing waits for it for long', async (t) => {
  const port = await freePort();
  const { feed, said, listen } = feedOf(t, `redis://127.0.0.1:${port}`);
  listen();
  feed.publish(1);
  await until(
    async () => said.length,
    (lines) => lines > 0,
    LIMIT_MS,
  );
  await feed.close();
  t.strictSame(said, ['lost']);
  t.notOk(feed.isListening);
});

/** What `words` make Redis refuse, as the log would have all of it. */
async function refused(t: Test, words: readonly string[], url: (port: number) => string): Promise<string> {
  const server = await redisServer(t, { words });
  const told: string[] = [];
  const feed = new RedisFeed(parseRedisAddress(url(server.port)), {
    onLost: (error) => told.push(inspect(error, { depth: null, showHidden: true })),
    onFound: () => {},
  });
  feed.listen({ onRevision: () => {}, onListening: () => {} });
  feed.publish(1);
  const going = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(going));
  await until(
    async () => told.length,
    (lines) => lines > 0,
    LIMIT_MS,
  );
  await feed.close();
  return told.join();
}

t.test('a password that Redis refuses is in no error', async (t) => {
  const secret = 'hush-hush';
  const own = (port: number) => `redis://nobody:${secret}@127.0.0.1:${port}`;
  const wrong = await refused(t, [], own);
  t.match(wrong, /WRONGPASS/);
  t.notMatch(wrong, secret);
  // The driver says HELLO with it, and AUTH where that is not known.
  const renamed = ['--rename-command', 'HELLO', 'GOODBYE', '--rename-command', 'AUTH', 'NOBODY'];
  const unknown = await refused(t, renamed, own);
  t.match(unknown, /unknown command/);
  t.notMatch(unknown, secret);
  const cluster = (port: number) => `redis+cluster://nobody:${secret}@127.0.0.1:${port}`;
  t.notMatch(await refused(t, ['--cluster-enabled', 'yes'], cluster), secret);
});

t.test('Redis is stopped, and wakes: the feed says so, and comes back by itself', async (t) => {
  const server = await redisServer(t);
  const { feed, listen, listening, listenTo } = feedOf(t, server.url);
  listen();
  await listening(true);
  server.signal('SIGSTOP');
  feed.publish(1);
  await listening(false);
  server.signal('SIGCONT');
  await listening(true);
  feed.publish(2);
  await listenTo(2);
  t.pass('heard');
});

t.test('behind a Sentinel', async (t) => {
  const master = await redisServer(t);
  const sentinel = await redisServer(t, {
    sentinel: `sentinel monitor main 127.0.0.1 ${master.port} 1\n`,
  });
  const url = `redis+sentinel://127.0.0.1:${sentinel.port}/main`;
  const { feed, listen, listening, listenTo } = feedOf(t, url);
  listen();
  await listening(true);
  feed.publish(5);
  await listenTo(5);
  t.match(master.cli('client', 'list'), /name=latchkey/);
});

/** It takes connections and says nothing, and keeps what it is told. */
async function deaf(t: Test) {
  const open = new Set<Socket>();
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('data', (bytes) => heard.push(bytes)).on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, heard, open };
}

t.test('behind Sentinels of which the first has been stopped', async (t) => {
  const master = await redisServer(t);
  const sentinel = await redisServer(t, {
    sentinel: `sentinel monitor main 127.0.0.1 ${master.port} 1\n`,
  });
  const stopped = await deaf(t);
  const { listen, listening } = feedOf(
    t,
    `redis+sentinel://127.0.0.1:${stopped.port},127.0.0.1:${sentinel.port}/main`,
  );
  listen();
  await listening(true);
  t.ok(stopped.heard.length > 0, 'it was asked');
});

t.test('a feed that is closed leaves nothing open, though nobody answers it', async (t) => {
  for (const url of ['redis://HOST', 'redis+sentinel://HOST/main', 'redis+cluster://HOST']) {
    const { port, open, heard } = await deaf(t);
    const { feed, listen } = feedOf(t, url.replace('HOST', `127.0.0.1:${port}`));
    listen();
    await until(
      async () => heard.length,
      (count) => count > 0,
      LIMIT_MS,
    );
    await feed.close();
    const left = await until(
      async () => open.size,
      (count) => count === 0,
      LIMIT_MS,
    );
    t.equal(left, 0, url);
  }
});

t.test('a command is not kept by Redis that is away: refused, or not answered', async (t) => {
  const { port } = await deaf(t);
  const none = await freePort();
  const urls = ['redis://HOST', 'redis+sentinel://HOST,HOST/main', 'redis+cluster://HOST'];
  const ends = urls.flatMap((url) =>
    [port, none].map(async (at) => {
      const target = url.replaceAll('HOST', `127.0.0.1:${at}`);
      const { stdout } = await run(process.execPath, [PUBLISHING, target]);
      t.equal(stdout, 'ended', `${url} ${at === none ? 'refused' : 'not answered'}`);
    }),
  );
  await Promise.all(ends);
});

t.test('Sentinels are told nothing in the clear where TLS is asked for', async (t) => {
  const TLS_HANDSHAKE = 0x16;
  const { port, heard } = await deaf(t);
  const { listen } = feedOf(t, `rediss+sentinel://127.0.0.1:${port}/main?sentinel-password=hush`);
  listen();
  await until(
    async () => heard.length,
    (count) => count > 0,
    LIMIT_MS,
  );
  t.equal(heard[0]?.[0], TLS_HANDSHAKE);
});

t.test('in a cluster', async (t) => {
  const node = await redisServer(t, {
    words: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  });
  node.cli('cluster', 'addslotsrange', '0', '16383');
  await until(
    async () => node.cli('cluster', 'info'),
    (info) => info.includes('cluster_state:ok'),
    LIMIT_MS,
  );
  const { feed, listen, listening, listenTo } = feedOf(t, `redis+cluster://127.0.0.1:${node.port}`);
  listen();
  await listening(true);
  feed.publish(6);
  await listenTo(6);
  t.pass('heard');
});
