/**
 * grant, revoke and acl: what they write, and what they say, to the letter. A person at a terminal must be able to
 * tell 'removed' from 'refused', and a script must find the same in the JSON.
 */

import { mkdirSync } from 'node:fs';
import t from 'tap';
import { desk } from './program.js';

const NONE = 'There is no grant on this path, nor on any folder above it.\n';
const ADMINS = { LATCHKEY_ADMINS: 'user:root' };

t.test('grant sets and replaces, revoke removes the action and every greater one', async (t) => {
  const { run } = await desk(t);
  const steps = [
    ['grant user:bob read /team/plan.pdf', 'granted: user:bob read /team/plan.pdf (grant 1)\n'],
    ['grant user:bob write /team/plan.pdf', 'granted: user:bob write /team/plan.pdf (grant 2)\n'],
    ['grant user:bob manage /team/plan.pdf', 'granted: user:bob manage /team/plan.pdf (grant 3)\n'],
    ['grant group:eng read /team/', 'granted: group:eng read /team/ (grant 4)\n'],
    [
      'acl /team/plan.pdf',
      'path            principal  grant         id  from  until\n' +
        '/team/plan.pdf  user:bob   allow read    1\n' +
        '/team/plan.pdf  user:bob   allow write   2\n' +
        '/team/plan.pdf  user:bob   allow manage  3\n' +
        '/team/          group:eng  allow read    4\n',
    ],
    [
      'revoke user:bob /team/plan.pdf write',
      'revoked: user:bob write /team/plan.pdf (grant 2)\nrevoked: user:bob manage /team/plan.pdf (grant 3)\n',
    ],
    [
      'revoke user:bob /team/plan.pdf manage',
      'nothing to revoke: user:bob has no such allow on /team/plan.pdf\n',
    ],
    ['revoke user:bob /team/plan.pdf', 'revoked: user:bob read /team/plan.pdf (grant 1)\n'],
    ['acl /other', NONE],
  ] as const;
  for (const [words, stdout] of steps) {
    t.same(await run(words), { code: 0, signal: null, stdout, stderr: '' }, words);
  }
});

t.test('one effect for each principal, path and action: the last one set', async (t) => {
  const { run, json } = await desk(t);
  await run('grant user:bob read /x --until 2027-01-31');
  t.match(await json('grant user:bob read /x --deny'), { grant: { effect: 'deny' } });
  t.match(await json('acl /x'), {
    grants: [{ principal: 'user:bob', effect: 'deny', expiresAt: undefined }],
  });
  t.equal(((await json('acl /x')) as { grants: unknown[] }).grants.length, 1);
});

t.test('a window of time', async (t) => {
  const { run, json } = await desk(t);
  const { stdout } = await run('grant user:bob read /x --from 2027-01-31 --until 2027-02-01T12:00:00+01:00');
  t.equal(
    stdout,
    'granted: user:bob read /x from 2027-01-31T00:00:00.000Z until 2027-02-01T11:00:00.000Z (grant 1)\n' +
      'still not readable: no grant speaks\n',
  );
  t.match(await json('grant user:bob read /x --from 2027-01-31 --for 2d'), {
    grant: { notBefore: '2027-01-31T00:00:00.000Z', expiresAt: '2027-02-02T00:00:00.000Z' },
  });
  const before = Date.now();
  const { grant } = (await json('grant user:bob read /x --for 48h')) as { grant: { expiresAt: string } };
  const lasting = Date.parse(grant.expiresAt) - before;
  t.ok(lasting >= 172_800_000 && lasting < 172_860_000, 'of --for alone it begins now');
  const over = await run('grant user:bob read /x --until 2020-01-01');
  t.same(
    [over.code, over.stderr],
    [0, 'latchkey: 2020-01-01T00:00:00.000Z is over: this grant does nothing\n'],
  );
});

t.test('both say what still allows, or still refuses', async (t) => {
  const { run, json } = await desk(t, ADMINS);
  await run('group add eng bob');
  await run('grant group:eng write /team/');
  await run('grant user:bob read /team/plan.pdf');
  const table = [
    [
      'revoke user:bob /team/plan.pdf',
      'revoked: user:bob read /team/plan.pdf (grant 2)\n' +
        'still readable: group:eng write /team/\nstill writable: group:eng write /team/\n',
    ],
    ['grant user:bob read /team/plan.pdf --deny', 'granted: user:bob deny read /team/plan.pdf (grant 3)\n'],
    ['grant group:eng read /team/plan.pdf', 'granted: group:eng read /team/plan.pdf (grant 4)\n'],
    ['grant user:bob write /team/', 'granted: user:bob write /team/ (grant 5)\n'],
    ['revoke user:bob /team/plan.pdf', 'nothing to revoke: user:bob has no such allow on /team/plan.pdf\n'],
    [
      'revoke user:bob /team/plan.pdf --deny',
      'revoked: user:bob deny read /team/plan.pdf (grant 3)\nstill not manageable: no grant speaks\n',
    ],
    [
      'revoke user:root /team/',
      'nothing to revoke: user:root has no such allow on /team/\n' +
        'still readable: user:root is an administrator\nstill writable: user:root is an administrator\n' +
        'still manageable: user:root is an administrator\n',
    ],
    [
      'revoke user:alice /users/alice/',
      'nothing to revoke: user:alice has no such allow on /users/alice/\n' +
        'still readable: user:alice manage /users/alice/\nstill writable: user:alice manage /users/alice/\n' +
        'still manageable: user:alice manage /users/alice/\n',
    ],
  ] as const;
  for (const [words, stdout] of table) {
    t.same(await run(words), { code: 0, signal: null, stdout, stderr: '' }, words);
  }
  t.match(await json('grant user:bob read /team/plan.pdf --deny'), {
    grant: { id: 6, principal: 'user:bob', path: '/team/plan.pdf', action: 'read', effect: 'deny' },
    remaining: [],
  });
  t.match(await json('revoke user:bob /team/'), {
    removed: [{ id: 5, principal: 'user:bob', path: '/team/', action: 'write', effect: 'allow' }],
    remaining: ['still readable: group:eng write /team/', 'still writable: group:eng write /team/'],
  });
});

t.test('the path of a folder without its slash', async (t) => {
  const { run, dataFolder } = await desk(t);
  mkdirSync(`${dataFolder}/store/files/team`, { recursive: true });
  const meant = await run('grant user:bob read /team');
  t.same([meant.code, meant.stdout], [0, 'granted: user:bob read /team (grant 1)\n']);
  t.equal(meant.stderr, 'latchkey: /team is a folder: did you mean /team/ ?\n');
  for (const words of ['grant user:bob read /team/', 'grant user:bob read /none']) {
    t.equal((await run(words)).stderr, '', `no remark on ${words}`);
  }
  t.equal((await run('revoke user:bob /team')).stderr, '', 'nor where there is a grant to revoke');
  const missed = await run('revoke user:bob /team');
  t.same([missed.code, missed.stdout], [0, 'nothing to revoke: user:bob has no such allow on /team\n']);
  t.equal(missed.stderr, 'latchkey: user:bob has grants on the folder: did you mean /team/ ?\n');
  t.equal((await run('revoke user:eve /team')).stderr, '', 'nor for somebody who has none there');
});

t.test('acl shows the nearest path first, and on one path the order in which grants decide', async (t) => {
  const { run, json } = await desk(t);
  const all = [
    'anyone read /',
    'authenticated read /a/',
    'group:eng read /a/',
    'user:bob read /a/b',
    'user:bob write /a/ --deny',
  ];
  for (const grant of all) await run(`grant ${grant}`);
  await run('grant user:bob read /a/ --from 2027-01-31 --until 2027-02-01');
  t.equal(
    (await run('acl /a/b')).stdout,
    [
      'path  principal      grant       id  from                      until',
      '/a/b  user:bob       allow read  4',
      '/a/   user:bob       deny write  5',
      '/a/   user:bob       allow read  6   2027-01-31T00:00:00.000Z  2027-02-01T00:00:00.000Z',
      '/a/   group:eng      allow read  3',
      '/a/   authenticated  allow read  2',
      '/     anyone         allow read  1',
      '',
    ].join('\n'),
  );
  t.same(await json('acl /a/'), {
    grants: [
      { id: 5, principal: 'user:bob', path: '/a/', action: 'write', effect: 'deny' },
      {
        id: 6,
        principal: 'user:bob',
        path: '/a/',
        action: 'read',
        effect: 'allow',
        notBefore: '2027-01-31T00:00:00.000Z',
        expiresAt: '2027-02-01T00:00:00.000Z',
      },
      { id: 3, principal: 'group:eng', path: '/a/', action: 'read', effect: 'allow' },
      { id: 2, principal: 'authenticated', path: '/a/', action: 'read', effect: 'allow' },
      { id: 1, principal: 'anyone', path: '/', action: 'read', effect: 'allow' },
    ],
  });
  t.same(await json('acl /users/'), {
    grants: [{ id: 1, principal: 'anyone', path: '/', action: 'read', effect: 'allow' }],
  });
});
