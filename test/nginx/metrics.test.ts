/**
 * What Prometheus is told, by the running services behind a real nginx: on the operator's ports and on the sockets,
 * with no word of who asked for what; and the number by which a line of our logs is found in nginx's.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { leaseGauge } from '../../src/metrics/files-metrics.js';
import { fleetMetrics } from '../../src/metrics/fleet-metrics.js';
import { AccessLog } from './access-log.js';
import { freePort } from './free-port.js';
import { hasSaid, type Site, startSite } from './running-site.js';

const FILE = '/files/users/alice/plan.txt';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Only the names are of use here. */
const NO_FLEET = { ageMs: () => 0, stalenessMaxMs: 0, revision: () => 0, isListening: () => false };

type Samples = ReadonlyMap<string, number>;

async function scraped(port: number): Promise<{ type: string | null; text: string; samples: Samples }> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await answer.text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
  return { type: answer.headers.get('content-type'), text, samples };
}

const decisions = (outcome: string, reason: string) =>
  `latchkey_decisions_total{outcome="${outcome}",reason="${reason}"}`;

async function askEach(site: Site): Promise<void> {
  const alice = site.token('alice');
  for (let i = 0; i < 5; i++) await site.ask('GET', FILE, { token: alice });
  for (let i = 0; i < 4; i++) await site.ask('GET', FILE, { token: site.token('bob') });
  for (let i = 0; i < 3; i++) await site.ask('GET', FILE);
  await site.ask('GET', '/files/users/alice/a%5cb', { token: alice });
}

t.test('decisions, the cache, the store and uploads are counted, each service for itself', async (t) => {
  const first = await freePort(3); // of the files service and of two authorizers
  const settings = { LATCHKEY_METRICS: `127.0.0.1:${first}`, LATCHKEY_STORE_DIGESTS: 'yes' };
  const site = await startSite(t, settings, ['--workers', '2']);
  const before = await Promise.all([1, 2].map((n) => scraped(first + n)));
  t.equal((await site.ask('PUT', FILE, { token: site.token('alice'), body: 'private' })).status, 201);
  await askEach(site);
  const [files, ...authorizers] = await Promise.all([0, 1, 2].map((n) => scraped(first + n)));
  if (files === undefined) throw new Error('three were asked');
  const sum = (all: readonly { samples: Samples }[], name: string) =>
    all.reduce((total, { samples }) => total + (samples.get(name) ?? 0), 0);
  const grown = (name: string) => sum(authorizers, name) - sum(before, name);

  t.equal(grown(decisions('allow', 'grant')), 6, 'the upload, and five downloads');
  t.equal(grown(decisions('forbidden', 'no-grant')), 4);
  t.equal(grown(decisions('unauthenticated', 'no-grant')), 3);
  t.equal(grown(decisions('forbidden', 'refused-path')), 1);
  t.equal(grown('latchkey_decision_seconds_count'), 14);
  t.equal(grown('latchkey_decision_seconds_bucket{le="+Inf"}'), 14);
  t.ok(grown('latchkey_decision_seconds_sum') > 0);
  t.ok(grown('latchkey_cache_hits_total') > 0 && grown('latchkey_cache_misses_total') > 0);
  for (const { type, samples } of authorizers) {
    t.equal(type, TEXT);
    t.equal(samples.get('latchkey_store_up'), 1);
    t.equal(samples.get('latchkey_cache_max_bytes'), 64 * 1024 * 1024);
    t.ok((samples.get('process_resident_memory_bytes') ?? 0) > 0, 'and what any Node process tells');
  }
  t.equal(files.samples.get('latchkey_committed_files_total'), 1);
  t.equal(files.samples.get('latchkey_committed_bytes_total'), 7);
  t.equal(files.samples.get('latchkey_requests_total{route="/_latchkey/raw",status="201"}'), 1);
  t.ok((files.samples.get('latchkey_free_bytes') ?? 0) > 0);
  for (const { text } of [files, ...authorizers]) {
    t.notMatch(text, /alice|bob|plan|users/, 'nobody’s name, no path');
    t.notOk(text.includes(site.token('alice')));
  }
  const told = new Set([files, ...authorizers].flatMap(({ text }) => text.match(/^# TYPE \S+/gm) ?? []));
  const fleet = fleetMetrics(NO_FLEET).map(({ name }) => `# TYPE ${name}`);
  t.ok(fleet.length > 0 && !fleet.some((name) => told.has(name)), 'not with SQLite');
  for (const name of fleet) told.add(name); // of running processes: test/fleet/revoking.test.ts
  told.add(`# TYPE ${leaseGauge(() => true).name}`); // and test/fleet/standby.test.ts
  for (const file of ['dashboard.json', 'alerts.yaml']) {
    const named =
      readFileSync(`docs/monitoring/${file}`, 'utf8').match(/\b(?:latchkey|process)_[a-z_]+\b/g) ?? [];
    t.ok(named.length > 5, file);
    const unknown = named.filter((name) => !told.has(`# TYPE ${name.replace(/_bucket$/, '')}`));
    t.same(unknown, [], `${file} shows figures that there are`);
  }
  const manual = readFileSync('docs/operations.md', 'utf8');
  const ours = [...told]
    .map((line) => line.slice('# TYPE '.length))
    .filter((name) => /^latchkey_/.test(name));
  t.same(
    ours.filter((name) => !new RegExp(`\\b${name}\\b`).test(manual)),
    [],
    'operations.md says what each is',
  );
  for (const target of ['/metrics', '/_latchkey/metrics', '/files/../metrics']) {
    t.notMatch((await site.ask('GET', target)).body.toString(), 'latchkey_', `not by nginx: ${target}`);
  }
});

t.test('a port that is taken is said, and the service does not run without its figures', async (t) => {
  const server = createServer();
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await t.rejects(startSite(t, { LATCHKEY_METRICS: `127.0.0.1:${port}` }), {
    message: new RegExp(`LATCHKEY_METRICS.*127\\.0\\.0\\.1:${port}.*taken`),
  });
});

t.test('an error in our log has the number that the request has in nginx’s', async (t) => {
  const site = await startSite(t, { LATCHKEY_JWKS_URL: 'http://127.0.0.1:9/none', LATCHKEY_JWT_SECRET: '' });
  const log = await AccessLog.from(`${site.dataFolder}/run/access.log`, '/files/', (mark) =>
    site.ask('GET', mark),
  );
  const unknownKey = 'eyJhbGciOiJFZERTQSIsImtpZCI6Im5vYm9keSJ9.eyJzdWIiOiJhIiwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA';
  t.equal((await site.ask('GET', FILE, { token: unknownKey })).status, 503);
  const [line] = await log.next(1);
  t.ok(await hasSaid(site, new RegExp(`"reqId":"${line?.id}"[^\\n]*"msg":"`)));
});
