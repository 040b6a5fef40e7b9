/**
 * Many authorizers of one PostgreSQL, which alone tells them of changes: what a receipt says is so, whatever is paused,
 * killed or away, and nothing is allowed later than the bound. Nothing is asserted of how long anything takes: only that
 * what must not be is not. With Redis, and behind nginx: `faults.test.ts`.
 */

import { chmodSync } from 'node:fs';
import t, { type Test } from 'tap';
import { latchkey } from '../commands/program.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { everywhere, FILE, type Fleet, LIMIT_MS, startFleet, untilEverywhere, watch } from './fleet.js';

const ALTERNATIONS = 20;
const ALL = { confirmed: 3, authorizers: 3, unconfirmed: [] };
const ALLOWED = [200, 200, 200];
const REFUSED = [403, 403, 403];

/** In force wherever a receipt says so. */
async function alternate(t: Test, fleet: Fleet, times: number): Promise<void> {
  let wrong = 0;
  for (let i = 0; i < times; i++) {
    const granted = await fleet.grant();
    if (granted.confirmed === 3 && String(await everywhere(fleet)) !== String(ALLOWED)) wrong += 1;
    await fleet.revoke();
    if (String(await everywhere(fleet)) !== String(REFUSED)) wrong += 1;
  }
  t.equal(wrong, 0, `${times} alternations`);
}

const feedOf = async (fleet: Fleet) => {
  const told = await Promise.all(fleet.authorizers.map((one) => one.tell('/readyz')));
  return told.map((text) => (text === '' ? 'none' : JSON.parse(text).changeFeed));
};
const untilFeed = (fleet: Fleet, state: 'listening' | 'away') =>
  until(
    () => feedOf(fleet),
    (feeds) => feeds.every((feed) => feed === state),
    LIMIT_MS,
  );

t.test('PostgreSQL alone', async (t) => {
  const server = await postgres(t);
  chmodSync(server.folder, 0o755); // the services drop to another user
  const fleet = await startFleet(t, server.url());
  const [first, second] = fleet.authorizers;
  if (first === undefined || second === undefined) throw new Error('three were started');
  await untilFeed(fleet, 'listening');

  await t.test('a change is in force on each when its receipt is there', async (t) => {
    await alternate(t, fleet, ALTERNATIONS);
    t.match(await fleet.grant(), ALL);
  });

  await t.test('by the command line, in words and as JSON', async (t) => {
    const revoked = await fleet.cli(`revoke user:bob ${FILE}`);
    t.strictSame(await everywhere(fleet), REFUSED);
    t.match(revoked.stdout, /^revoked: .*\neffective on 3\/3 authorizers in \d+ ms\n$/);
    t.equal(revoked.code, 0);
    const json = JSON.parse((await fleet.cli('suspend bob --json')).stdout);
    t.match(json, { user: 'user:bob', changed: true, effective: { confirmed: 3, authorizers: 3 } });
    const notWaited = await fleet.cli('suspend bob --no-wait');
    t.equal(notWaited.stdout, 'user:bob was suspended already\n');
    t.match(notWaited.stderr, /^latchkey: in force on every authorizer from \S+Z on, at the latest\n$/);
    t.equal(notWaited.code, 0);
    t.equal((await fleet.cli('resume bob')).code, 0);
  });

  await t.test('what each tells of itself', async (t) => {
    const ready = JSON.parse(await first.tell('/readyz'));
    t.match(ready, { status: 'ready', changeFeed: 'listening' });
    t.equal(ready.revision, await fleet.store.acl.revision());
    t.type(ready.stalenessMs, 'number');
    const metrics = await first.tell('/metrics');
    t.match(metrics, /^latchkey_staleness_seconds \d/m);
    t.match(metrics, /^latchkey_staleness_max_seconds 1$/m);
    t.match(metrics, new RegExp(`^latchkey_followed_revision ${ready.revision}$`, 'm'));
    t.match(metrics, /^latchkey_feed_up 1$/m);
  });

  await t.test('one that is paused is named, and does not answer from before when it wakes', async (t) => {
    await fleet.grant();
    await untilEverywhere(fleet, 200);
    process.kill(first.running.pid, 'SIGSTOP');
    const revoked = await fleet.cli(`revoke user:bob ${FILE}`);
    const asked = first.ask(); // while it is stopped
    process.kill(first.running.pid, 'SIGCONT');
    t.equal(await asked, 403);
    t.match(revoked.stdout, /\neffective on 2\/3 authorizers in \d+ ms\n$/);
    const name = `authorizer@\\S+:\\d+`;
    t.match(
      revoked.stderr,
      new RegExp(
        `^latchkey: ${name} (has not confirmed; it may have been wrong until \\S+Z, and no longer|was not seen for \\d+ s; it asks the store itself)\n$`,
      ),
    );
    t.equal(revoked.code, 0, 'it is in force: the bound has passed');
    t.match(await fleet.grant(), ALL, 'it confirms again');
  });

  await t.test('one that cannot start says so, ends, and is none of them', async (t) => {
    const place = { ...fleet.env, LATCHKEY_DATA: fleet.dataFolder(1) };
    const other = { ...place, LATCHKEY_DATA: fleet.dataFolder(4) };
    const cases = [
      [['authorizer'], place, 3, /another service already listens on \S+authorizer-1\.sock; stop it first/],
      [['authorizer', '--listen', 'nowhere/a.sock'], place, 3, /nowhere\/a\.sock/],
      [
        ['authorizer', '--listen', 'run/a.sock'],
        { ...place, LATCHKEY_JWT_PEM_FILE: '/none' },
        2,
        /_PEM_FILE/,
      ],
      [['files', '--listen', 'nowhere/f.sock'], other, 3, /nowhere\/f\.sock/],
    ] as const;
    for (const [words, env, code, stderr] of cases) {
      t.match(await latchkey(words, { env }), { code, stdout: '', stderr }, words.join(' '));
    }
    t.match(await fleet.grant(), ALL);
  });

  await t.test('a files service decides too, and its API answers with the same', async (t) => {
    const files = await fleet.startFiles(t);
    const target = `/_latchkey/api/v1/grants?principal=user:bob&path=${FILE}`;
    const revoked = await files.ask('DELETE', target);
    t.match(revoked, { removed: [{ path: FILE }], effective: { confirmed: 4, authorizers: 4 } });
    t.strictSame(await everywhere(fleet), REFUSED);
    t.match(await fleet.grant(), { confirmed: 4 });
    await files.running.stop();
    t.match(await fleet.revoke(), ALL, 'it has left');
    await fleet.grant();
  });

  await t.test(
    'PostgreSQL is killed: nothing is allowed behind the bound, and service comes back',
    async (t) => {
      await untilEverywhere(fleet, 200);
      const watching = watch(fleet);
      await fleet.revoke();
      const revokedAt = performance.now();
      await server.crash();
      await untilEverywhere(fleet, 503);
      await server.start();
      await untilEverywhere(fleet, 403);
      t.equal(await watching.late(revokedAt), 0);
      await untilFeed(fleet, 'listening');
      t.match(await fleet.grant(), ALL);
      t.strictSame(await everywhere(fleet), ALLOWED);
    },
  );

  await t.test(
    'one that is killed is named until another has its place; one that stops is not',
    async (t) => {
      await second.running.stop('SIGKILL');
      const killed = await fleet.revoke();
      t.match(killed, { confirmed: 2, authorizers: 3, unconfirmed: [{ name: /^authorizer@/ }] });
      const next = await fleet.start(2);
      t.match(await fleet.grant(), ALL, 'the place of the dead one is taken');
      t.equal(await next.ask(), 200);
      await next.running.stop();
      t.match(await fleet.revoke(), { confirmed: 2, authorizers: 2, unconfirmed: [] });
    },
  );
});
