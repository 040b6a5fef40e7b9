/**
 * Many authorizers of one PostgreSQL, which alone tells them of changes: what a receipt says is so, whatever is paused,
 * killed or away, and nothing is allowed later than the bound. Nothing is asserted of how long anything takes: only that
 * what must not be is not. With Redis, and behind nginx: `faults.test.ts`.
 */

import { chmodSync } from 'node:fs';
import t, { type Test } from 'tap';
import type { Receipt } from '../../src/acl/fleet-ports.js';
import { latchkey } from '../commands/program.js';
import { until } from '../nginx/running-site.js';
import { postgres } from '../postgres.js';
import { everywhere, FILE, type Fleet, LIMIT_MS, startFleet, untilEverywhere, watch } from './fleet.js';

const ALTERNATIONS = 20;
const ALL = { confirmed: 3, authorizers: 3 };

/** In force wherever a receipt says so. 503 is no wrong answer: a machine may be too busy to ask the store in time. */
async function alternate(t: Test, fleet: Fleet, times: number): Promise<void> {
  let wrong = 0;
  let judged = 0;
  const judge = async (status: number) => {
    const known = (await everywhere(fleet)).filter((one) => one !== 503);
    judged += known.length;
    wrong += known.filter((one) => one !== status).length;
  };
  for (let i = 0; i < times; i++) {
    const granted = await fleet.grant();
    if (granted.confirmed === 3) await judge(200);
    await fleet.revoke();
    await judge(403);
  }
  t.equal(wrong, 0, `${times} alternations`);
  t.ok(judged > 0);
}

/** Each has been told to within its bound: one that was given no time for so long says so with the next. */
const confirmed = (change: () => Promise<Receipt>, receipt: Pick<Receipt, 'confirmed' | 'authorizers'>) =>
  until(
    change,
    ({ confirmed, authorizers }) => confirmed === receipt.confirmed && authorizers === receipt.authorizers,
    LIMIT_MS,
  );

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
    await confirmed(fleet.grant, ALL);
  });

  await t.test('by the command line, in words and as JSON', async (t) => {
    const revoked = await fleet.cli(`revoke user:bob ${FILE}`);
    t.notOk((await everywhere(fleet)).includes(200));
    t.match(revoked.stdout, /^revoked: .*\neffective on [0-3]\/3 authorizers in \d+ ms\n$/);
    t.equal(revoked.code, 0);
    const json = JSON.parse((await fleet.cli('suspend bob --json')).stdout);
    t.match(json, { user: 'user:bob', changed: true, effective: { confirmed: Number, authorizers: 3 } });
    const notWaited = await fleet.cli('suspend bob --no-wait');
    t.equal(notWaited.stdout, 'user:bob was suspended already\n');
    t.match(notWaited.stderr, /^latchkey: in force on every authorizer from \S+Z on, at the latest\n$/);
    t.equal(notWaited.code, 0);
    t.equal((await fleet.cli('resume bob')).code, 0);
  });

  await t.test('what each tells of itself', async (t) => {
    const revision = await fleet.store.acl.revision();
    const ready = await until(
      async () => JSON.parse((await first.tell('/readyz')) || '{}'),
      (told) => told.revision === revision,
      LIMIT_MS,
    );
    t.match(ready, { status: 'ready', changeFeed: 'listening' });
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
    t.not(await asked, 200);
    t.match(revoked.stdout, /\neffective on [0-2]\/3 authorizers in \d+ ms\n$/);
    const name = `authorizer@\\S+:\\d+`;
    t.match(
      revoked.stderr,
      new RegExp(
        `^(latchkey: ${name} (has not confirmed; it may have been wrong until \\S+Z, and no longer|was not seen for \\d+ s; it asks the store itself)\n)+$`,
      ),
    );
    t.equal(revoked.code, 0, 'it is in force: the bound has passed');
    await confirmed(fleet.grant, ALL); // it confirms again
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
    await confirmed(fleet.grant, ALL);
  });

  await t.test('a files service decides too, and its API answers with the same', async (t) => {
    const files = await fleet.startFiles(t);
    const target = `/_latchkey/api/v1/grants?principal=user:bob&path=${FILE}`;
    const revoked = await files.ask('DELETE', target);
    t.match(revoked, { removed: [{ path: FILE }], effective: { confirmed: Number, authorizers: 4 } });
    t.notOk((await everywhere(fleet)).includes(200));
    await confirmed(fleet.grant, { confirmed: 4, authorizers: 4 });
    await files.running.stop();
    await confirmed(fleet.revoke, ALL); // it has left
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
      await confirmed(fleet.grant, ALL);
      await untilEverywhere(fleet, 200);
    },
  );

  await t.test(
    'one that is killed is named until another has its place; one that stops is not',
    async (t) => {
      await second.running.stop('SIGKILL');
      const killed = await confirmed(fleet.revoke, { confirmed: 2, authorizers: 3 });
      t.match(killed.unconfirmed, [{ name: /^authorizer@/ }]);
      const next = await fleet.start(2);
      await confirmed(fleet.grant, ALL); // the place of the dead one is taken
      await until(
        () => next.ask(),
        (status) => status === 200,
        LIMIT_MS,
      );
      await next.running.stop();
      await confirmed(fleet.revoke, { confirmed: 2, authorizers: 2 });
    },
  );
});
