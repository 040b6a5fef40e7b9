/** That a service stops when it is told to, though whoever asks it keeps their connection after the last answer. */

import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import Fastify from 'fastify';
import t from 'tap';
import { listen, stopWhenTold } from '../../src/host/listen.js';

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
