/** That a service stops when it is told to, though whoever asks it keeps their connection after the last answer. */

import { once } from 'node:events';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import Fastify from 'fastify';
import t from 'tap';
import { listen } from '../../src/host/listen.js';
import { stopWhenTold } from '../../src/host/stop.js';

t.test('an answer that was under way comes whole, and its kept connection keeps nobody', async (t) => {
  const app = Fastify({ keepAliveTimeout: 0, forceCloseConnections: 'idle', return503OnClosing: false });
  const finish = Promise.withResolvers<void>();
  app.get('/', async (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'Content-Length': 2 });
    reply.raw.write('a'); // what it says of the connection is said by now
    await finish.promise;
    reply.raw.end('b');
  });
  await listen(app, { host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const [answer] = (await once(get({ port, agent }), 'response')) as [IncomingMessage];
  const stopped = stopWhenTold(app);
  process.emit('SIGTERM');
  finish.resolve();
  let body = '';
  for await (const text of answer.setEncoding('utf8')) body += text;
  t.equal(body, 'ab');
  await stopped;
  t.notOk(app.server.listening);
});

const FOR_EVER_MS = 600_000;

t.test(
  'a request that is sent on a kept connection when the service is told to stop is answered',
  async (t) => {
    const app = Fastify({ keepAliveTimeout: 0, forceCloseConnections: 'idle', return503OnClosing: false });
    app.post('/', async () => 'written');
    await listen(app, { host: '127.0.0.1', port: 0 });
    const address = app.server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.teardown(() => agent.destroy());
    const sockets = new Set<Socket>();
    const post = async () => {
      const sent = request({ port, agent, method: 'POST' });
      sent.on('socket', (socket) => sockets.add(socket)).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      await once(answer.resume(), 'end');
      return { status: answer.statusCode, connection: answer.headers.connection };
    };
    t.same(await post(), { status: 200, connection: 'keep-alive' });
    const stopped = stopWhenTold(app, { lingerMs: FOR_EVER_MS });
    process.emit('SIGTERM');
    t.same(await post(), { status: 200, connection: 'close' });
    t.equal(sockets.size, 1, 'by the same connection');
    await stopped; // nobody is left
  },
);
