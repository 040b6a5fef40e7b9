/**
 * check, explain, who-can and what-can: the answer as text, as JSON and as an exit code; and in explain what became
 * of every grant, in words.
 */

import t from 'tap';
import { type Desk, desk, several } from './program.js';

const ADMINS = { LATCHKEY_ADMINS: 'user:root,group:ops' };

async function given(desk: Desk, steps: readonly string[]): Promise<void> {
  for (const words of steps) {
    const { code, stderr } = await desk.run(words);
    if (code !== 0) throw new Error(`${words}: ${stderr}`);
  }
}

t.test('check answers by its exit code, and says what decided', async (t) => {
  const at = await desk(t, ADMINS);
  await given(at, [
    'grant user:bob write /team/',
    'grant group:eng read /lab/',
    'grant group:eng read /lab/secret --deny',
    'grant authenticated read /house/',
    'grant anyone read /public/',
    'group add eng carol',
    'grant user:dora manage /team/',
    'suspend dora',
  ]);
  const table = [
    ['user:bob read /team/plan.pdf', 0, 'allow: user:bob write /team/'],
    ['user:bob manage /team/plan.pdf', 1, 'deny: no grant speaks'],
    ['user:eve read /team/plan.pdf', 1, 'deny: no grant speaks'],
    ['user:carol read /lab/x', 0, 'allow: group:eng read /lab/'],
    ['user:carol read /lab/secret', 1, 'deny: group:eng deny read /lab/secret'],
    ['user:eve read /lab/x', 1, 'deny: no grant speaks'],
    ['user:eve read /lab/x --group eng', 0, 'allow: group:eng read /lab/'],
    ['user:eve read /lab/x --group ops --group group:eng', 0, 'allow: group:ops is an administrator'],
    ['group:eng read /lab/x', 0, 'allow: group:eng read /lab/'],
    ['user:eve read /house/x', 0, 'allow: authenticated read /house/'],
    ['anyone read /house/x', 1, 'deny: no grant speaks'],
    ['anyone read /public/x', 0, 'allow: anyone read /public/'],
    ['user:root manage /', 0, 'allow: user:root is an administrator'],
    ['user:alice manage /users/alice/x', 0, 'allow: user:alice manage /users/alice/'],
    ['user:alice read /users/bob/x', 1, 'deny: no grant speaks'],
    ['user:dora read /team/x', 1, 'deny: no grant speaks'],
    ['user:dora read /public/x', 0, 'allow: anyone read /public/'],
  ] as const;
  await several(table, async ([words, code, line]) => {
    const expected = { code, signal: null, stdout: `${line}\n`, stderr: '' };
    t.same(await at.run(`check ${words}`), expected, words);
  });
  t.same(await at.json('check user:bob read /team/x'), {
    outcome: 'allow',
    reason: 'user:bob write /team/',
    grant: { id: 1, principal: 'user:bob', path: '/team/', action: 'write', effect: 'allow' },
  });
  t.same(await at.json('check user:eve read /x'), { outcome: 'forbidden', reason: 'no grant speaks' });
  t.same(await at.json('check anyone read /x'), { outcome: 'unauthenticated', reason: 'no grant speaks' });
  t.equal((await at.run('check user:eve read /x --json')).code, 1, 'with --json, too');
});

t.test('explain says of every grant what became of it', async (t) => {
  const at = await desk(t);
  await given(at, [
    'grant user:bob write /a/b --from 2400-01-01',
    'grant user:bob read /a/b --until 2001-01-01',
    'grant user:bob manage /a/b --deny',
    'grant user:eve read /a/b',
    'grant group:eng read /a/',
    'grant authenticated read /a/ --deny',
    'grant anyone read /',
    'group add eng bob',
  ]);
  const { code, stdout, stderr } = await at.run('explain user:bob read /a/b');
  t.same([code, stderr], [0, '']);
  t.equal(
    stdout,
    [
      'allow: group:eng read /a/',
      '',
      'asked: may user:bob read /a/b ?',
      'as:    user:bob, group:eng, authenticated, anyone',
      '',
      '   path  principal      grant        id  what became of it',
      '   /a/b  user:bob       deny manage  3   denies only more than was asked',
      '   /a/b  user:bob       allow write  1   does not speak before 2400-01-01T00:00:00.000Z',
      '   /a/b  user:bob       allow read   2   ended 2001-01-01T00:00:00.000Z',
      '   /a/b  user:eve       allow read   4   is for somebody else',
      '>  /a/   group:eng      allow read   5   decides',
      '   /a/   authenticated  deny read    6   speaks, but one before it decided',
      '   /     anyone         allow read   7   speaks, but one before it decided',
      '',
    ].join('\n'),
  );
  const manage = await at.run('explain user:bob write /a/');
  t.equal(manage.code, 1);
  t.match(manage.stdout, /^deny: authenticated deny read \/a\/\n/);
  t.match(manage.stdout, / group:eng {6}allow read {2}5 {3}allows less than was asked\n/);
  t.same(await at.json('explain user:eve read /a/b --group x'), {
    asked: { principal: 'user:eve', action: 'read', path: '/a/b' },
    outcome: 'allow',
    reason: 'user:eve read /a/b',
    revision: 8,
    principals: ['user:eve', 'group:x', 'authenticated', 'anyone'],
    suspended: false,
    considered: [
      [3, 'user:bob', '/a/b', 'manage', 'deny', 'other-principal'],
      [1, 'user:bob', '/a/b', 'write', 'allow', 'other-principal', { notBefore: '2400-01-01T00:00:00.000Z' }],
      [2, 'user:bob', '/a/b', 'read', 'allow', 'other-principal', { expiresAt: '2001-01-01T00:00:00.000Z' }],
      [4, 'user:eve', '/a/b', 'read', 'allow', 'decides'],
      [5, 'group:eng', '/a/', 'read', 'allow', 'other-principal'],
      [6, 'authenticated', '/a/', 'read', 'deny', 'outranked'],
      [7, 'anyone', '/', 'read', 'allow', 'outranked'],
    ].map(([id, principal, path, action, effect, verdict, window]) => ({
      grant: { id, principal, path, action, effect, ...(window as object) },
      verdict,
    })),
  });
});

t.test('explain tells of a suspension, a home, an administrator, and of no grant at all', async (t) => {
  const at = await desk(t, ADMINS);
  await given(at, ['grant user:dora read /x', 'suspend dora']);
  const table = [
    [
      'user:dora read /x',
      1,
      'deny: no grant speaks',
      'anyone (suspended: nothing but anyone)',
      /^ +\/x +user:dora +allow read +1 +is for somebody else$/m,
    ],
    [
      'user:alice write /users/alice/x',
      0,
      'allow: user:alice manage /users/alice/',
      'user:alice, authenticated, anyone',
      /^> +\/users\/alice\/ +user:alice +allow manage +home +decides$/m,
    ],
    [
      'user:root read /y',
      0,
      'allow: user:root is an administrator',
      'user:root, authenticated, anyone',
      /\n\nThere is no/,
    ],
    [
      'anyone read /y',
      1,
      'deny: no grant speaks',
      'anyone',
      /\n\nThere is no grant on this path, nor on any folder above it\.\n$/,
    ],
  ] as const;
  for (const [words, code, decision, as, told] of table) {
    const result = await at.run(`explain ${words}`);
    t.same([result.code, result.stderr], [code, ''], words);
    t.equal(result.stdout.split('\n')[0], decision);
    t.match(result.stdout, `\nas:    ${as}\n`);
    t.match(result.stdout, told);
  }
  t.match(await at.json('explain user:dora read /x'), { suspended: true, principals: ['anyone'] });
});

t.test('who-can names everybody of whom anything is known, each with what allows it', async (t) => {
  const at = await desk(t, ADMINS);
  await given(at, [
    'grant group:eng read /users/alice/plan/',
    'group add eng carol',
    'group add eng dora',
    'grant user:dora read /users/alice/plan/x --deny',
    'group add ops oscar',
    'grant user:bob write /users/alice/plan/x',
    'grant user:eve read /users/alice/plan/x --until 2001-01-01',
  ]);
  t.same(await at.run('who-can read /users/alice/plan/x'), {
    code: 0,
    signal: null,
    stdout: [
      'who         by',
      'group:eng   group:eng read /users/alice/plan/',
      'group:ops   group:ops is an administrator',
      'user:alice  user:alice manage /users/alice/',
      'user:bob    user:bob write /users/alice/plan/x',
      'user:carol  group:eng read /users/alice/plan/',
      'user:oscar  group:ops is an administrator',
      'user:root   user:root is an administrator',
      '',
    ].join('\n'),
    stderr: '',
  });
  t.same(await at.json('who-can write /users/alice/plan/x'), {
    allowed: [
      { principal: 'group:ops', reason: 'group:ops is an administrator' },
      { principal: 'user:alice', reason: 'user:alice manage /users/alice/' },
      { principal: 'user:bob', reason: 'user:bob write /users/alice/plan/x' },
      { principal: 'user:oscar', reason: 'group:ops is an administrator' },
      { principal: 'user:root', reason: 'user:root is an administrator' },
    ],
  });
  const nobody = await at.run('who-can read /nobody', { env: { LATCHKEY_ADMINS: '' } });
  t.same([nobody.code, nobody.stdout], [0, 'Nobody may read /nobody.\n']);
});

t.test('what-can names every path with a grant that bears on a principal', async (t) => {
  const at = await desk(t, ADMINS);
  await given(at, [
    'grant user:bob write /b',
    'grant group:eng read /e/',
    'grant authenticated read /a/',
    'grant user:bob read /a/ --deny',
    'group add eng bob',
  ]);
  t.same(await at.run('what-can user:bob'), {
    code: 0,
    signal: null,
    stdout: [
      'path         may      by',
      '/a/          nothing  user:bob deny read /a/',
      '/b           write    user:bob write /b',
      '/e/          read     group:eng read /e/',
      '/users/bob/  manage   user:bob manage /users/bob/',
      '',
    ].join('\n'),
    stderr: '',
  });
  t.same(await at.json('what-can user:root'), {
    principal: 'user:root',
    paths: [
      { path: '/', may: 'manage', reason: 'user:root is an administrator' },
      { path: '/a/', may: 'manage', reason: 'user:root is an administrator' },
      { path: '/users/root/', may: 'manage', reason: 'user:root is an administrator' },
    ],
  });
  t.match(await at.json('what-can group:x --group eng'), {
    paths: [{ path: '/a/' }, { path: '/e/', may: 'read' }],
  });
  t.same((await at.run('what-can anyone')).stdout, 'No grant bears on anyone.\n');
  await given(at, ['suspend bob']);
  t.same(
    (await at.run('what-can user:bob')).stdout,
    'No grant bears on user:bob.\n',
    'nor on a suspended one',
  );
});
