/**
 * Stored groups, suspensions, and the access token for trials: what each says, that saying it twice is fine, and
 * that the token is one that the authorizer takes.
 */

import { readFileSync } from 'node:fs';
import { createVerifier } from 'fast-jwt';
import t from 'tap';
import { desk } from './program.js';

t.test('group adds, removes and lists', async (t) => {
  const { run, json } = await desk(t);
  const steps = [
    ['group list', 'There is no such stored group.\n'],
    ['group add eng alice', 'added: user:alice to group:eng\n'],
    ['group add group:eng user:alice', 'user:alice was in group:eng already\n'],
    ['group add eng user:user:bob', 'added: user:user:bob to group:eng\n'],
    ['group add ops alice', 'added: user:alice to group:ops\n'],
    ['group list', 'group:eng: user:alice, user:user:bob\ngroup:ops: user:alice\n'],
    ['group list ops', 'group:ops: user:alice\n'],
    ['group list none', 'There is no such stored group.\n'],
    ['group remove ops alice', 'removed: user:alice from group:ops\n'],
    ['group remove ops alice', 'user:alice was not in group:ops\n'],
    ['group list', 'group:eng: user:alice, user:user:bob\n'],
  ] as const;
  for (const [words, stdout] of steps) {
    t.same(await run(words), { code: 0, signal: null, stdout, stderr: '' }, words);
  }
  t.same(await json('group list'), {
    groups: [{ group: 'group:eng', users: ['user:alice', 'user:user:bob'] }],
  });
  t.same(await json('group add eng carol'), {
    group: 'group:eng',
    user: 'user:carol',
    changed: true,
    revision: 5,
  });
  t.same(await json('group add eng carol'), {
    group: 'group:eng',
    user: 'user:carol',
    changed: false,
    revision: 5,
  });
});

t.test('suspend leaves a user nothing, resume gives it back', async (t) => {
  const { run, json } = await desk(t);
  await run('grant user:dora read /x');
  const steps = [
    ['suspend dora', 0, 'suspended: user:dora\n'],
    ['suspend user:dora', 0, 'user:dora was suspended already\n'],
    ['check user:dora read /x', 1, 'deny: no grant speaks\n'],
    ['resume dora', 0, 'resumed: user:dora\n'],
    ['resume dora', 0, 'user:dora was not suspended\n'],
    ['check user:dora read /x', 0, 'allow: user:dora read /x\n'],
  ] as const;
  for (const [words, code, stdout] of steps) {
    t.same(await run(words), { code, signal: null, stdout, stderr: '' }, words);
  }
  t.same(await json('suspend dora'), { user: 'user:dora', changed: true, revision: 4 });
  t.same(await json('resume dora'), { user: 'user:dora', changed: true, revision: 5 });
});

t.test('token prints one that is signed with the secret of the data folder', async (t) => {
  const { run, json, dataFolder } = await desk(t);
  const { code, stdout, stderr } = await run('token alice --group eng --group group:ops --for 30m');
  t.same([code, stderr], [0, '']);
  const key = readFileSync(`${dataFolder}/secret`, 'utf8').trim();
  const claims = createVerifier({ key, algorithms: ['HS256'] })(stdout.trim()) as Record<string, unknown>;
  t.match(claims, { sub: 'alice', groups: ['eng', 'ops'] });
  t.equal(Number(claims.exp) - Number(claims.iat), 1800);
  const before = Date.now();
  const told = (await json('token user:bob')) as Record<string, unknown>;
  t.match(told, { user: 'bob', groups: [] });
  const lasting = Date.parse(String(told.expiresAt)) - before;
  t.ok(lasting >= 3_599_000 && lasting < 3_660_000, 'it lasts an hour, unless it is told otherwise');
});

t.test('token says what the configuration demands of a token', async (t) => {
  const key = 'a secret of at least 32 bytes, here';
  const { run } = await desk(t, {
    LATCHKEY_JWT_SECRET: key,
    LATCHKEY_JWT_ISSUER: 'https://a,https://b',
    LATCHKEY_JWT_AUDIENCE: 'files',
    LATCHKEY_GROUPS_CLAIM: 'roles',
  });
  const { stdout } = await run('token alice --group eng');
  const verify = createVerifier({ key, algorithms: ['HS256'], allowedIss: 'https://a', allowedAud: 'files' });
  t.match(verify(stdout.trim()), { sub: 'alice', roles: ['eng'] });
});
