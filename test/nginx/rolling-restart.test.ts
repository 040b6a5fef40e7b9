/**
 * Every part is restarted under load, one after another, as systemd does it where it keeps their sockets: no visitor
 * is told 5xx, and nobody is let in who should not be.
 */

import t from 'tap';
import { pastedSite } from './pasted-site.js';
import { until } from './running-site.js';

const RESTARTED_MS = 60_000;

t.test('no request fails while authorizers, files service and nginx are restarted in turn', async (t) => {
  const site = await pastedSite(t, {
    restartedAuthorizers: 2,
    http: ({ port }, { http, server }) => `${http}\nserver { listen 127.0.0.1:${port};\n${server}\n}`,
  });
  const [token, target] = [site.token('alice'), '/media/users/alice/plan.txt'];
  t.equal((await site.ask('PUT', target, { token, body: 'private' })).status, 201);
  const seen = new Map<string, number>();
  let stopping = false;
  const asking = async (name: string, ask: () => ReturnType<typeof site.ask>) => {
    while (!stopping) {
      const { status } = await ask();
      seen.set(`${name}: ${status}`, (seen.get(`${name}: ${status}`) ?? 0) + 1);
    }
  };
  let number = 0;
  const load = [
    ...[1, 2].map(() => asking('own file', () => site.ask('GET', target, { token }))),
    asking('no credential', () => site.ask('GET', target)),
    asking('upload', () => site.ask('PUT', `/media/users/alice/${number++}`, { token, body: 'x' })),
    asking('API', () => site.ask('GET', '/_latchkey/api/v1/grants?path=/users/alice/', { token })),
  ];
  const answers = () => [...seen.values()].reduce((sum, count) => sum + count, 0);
  for (const part of [...site.authorizers, site.files, ...site.authorizers, site.files]) {
    const starts = () => part.said().match(/listening at the socket of systemd/g)?.length ?? 0;
    const [before, answered] = [starts(), answers()];
    process.kill(part.pid, 'SIGHUP');
    await until(
      async () => starts(),
      (now) => now > before,
      RESTARTED_MS,
    );
    await until(
      async () => answers(),
      (now) => now > answered + 20,
      RESTARTED_MS,
    );
  }
  const workers = () => site.nginx.said().match(/start worker process \d/g)?.length ?? 0;
  const before = workers();
  process.kill(site.nginx.pid, 'SIGHUP');
  await until(
    async () => workers(),
    (now) => now > before,
    RESTARTED_MS,
  );
  stopping = true;
  await Promise.all(load);
  t.same([...seen.keys()].sort(), ['API: 200', 'no credential: 401', 'own file: 200', 'upload: 201']);
  t.comment(Object.fromEntries(seen));
});
