/** `latchkey sign-out` as a program, and what explain tells of it. What it does to tokens: test/nginx/sign-out.test.ts. */

import t from 'tap';
import { desk, several } from './program.js';

const USAGE = 'the usage is: latchkey sign-out USER | --token ID';

t.test('it says who, and when; again is fine', async (t) => {
  const { run, json } = await desk(t);
  const begun = Date.now();
  const first = (await json('sign-out alice')) as { signedOutAt: string };
  t.match(first, { user: 'user:alice', revision: 1 });
  const at = Date.parse(first.signedOutAt);
  t.ok(at >= begun && at <= Date.now());
  t.ok(
    Math.floor(Date.now() / 1000) > Math.floor(at / 1000),
    'a token that is issued now is of a later second',
  );
  const { code, stdout, stderr } = await run('sign-out user:alice');
  t.same([code, stderr], [0, '']);
  t.match(stdout, /^signed out: user:alice, at \d{4}-.*Z\n$/);
});

t.test('explain tells of it', async (t) => {
  const { run, json } = await desk(t);
  await run('grant user:alice read /x');
  t.notMatch((await run('explain user:alice read /x')).stdout, 'signed out');
  t.notOk('signedOutAt' in ((await json('explain user:alice read /x')) as object));
  const { signedOutAt } = (await json('sign-out alice')) as { signedOutAt: string };
  const { code, stdout } = await run('explain user:alice read /x');
  t.equal(code, 0, 'it ends credentials, not grants');
  t.match(stdout, `\n       signed out at ${signedOutAt}: what was issued before is no credential\n`);
  t.match(await json('explain user:alice read /x'), { signedOutAt });
});

t.test('one token is ended by the id that token prints', async (t) => {
  const { run, json } = await desk(t);
  const { id, token } = (await json('token alice')) as { id: string; token: string };
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
  t.match(claims, { sub: 'alice', jti: id });
  t.same(await run(['sign-out', '--token', id]), {
    code: 0,
    signal: null,
    stdout: `ended: the token ${id}\n`,
    stderr: '',
  });
  t.match(await json(['sign-out', '--token', 'é a']), { token: 'é a', endedAt: /Z$/, revision: 2 });
  const whole = await run(['sign-out', '--token', token]);
  t.same(
    [whole.code, whole.stdout, whole.stderr],
    [
      2,
      '',
      "latchkey: --token takes a token's id, its claim jti, and not the token\nTry: latchkey sign-out --help\n",
    ],
  );
});

t.test('wrong usage', async (t) => {
  const { run } = await desk(t);
  const table = [
    [['sign-out'], USAGE],
    [['sign-out', 'alice', 'bob'], USAGE],
    [['sign-out', 'alice', '--token', 'x'], USAGE],
    [['sign-out', 'group:eng'], "'group:eng' is no user; should a user have that name, write user:group:eng"],
    [['sign-out', 'anyone'], "'anyone' is no user; should a user have that name, write user:anyone"],
    [['sign-out', '--token', ''], '--token takes an id of 1 to 255 characters'],
    [['sign-out', '--token', 'x'.repeat(256)], '--token takes an id of 1 to 255 characters'],
  ] as const;
  await several(table, async ([words, message]) => {
    const stderr = `latchkey: ${message}\nTry: latchkey sign-out --help\n`;
    t.same(await run(words), { code: 2, signal: null, stdout: '', stderr }, words.join(' ').slice(0, 60));
  });
});
