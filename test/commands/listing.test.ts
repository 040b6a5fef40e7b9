/** ls as a program: all for the operator, for a principal what it gets to see. */

import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { desk } from './program.js';

t.test('the operator sees all, a principal what it may', async (t) => {
  const { run, json, dataFolder } = await desk(t);
  const folder = `${dataFolder}/store/files/team`;
  mkdirSync(`${folder}/sub`, { recursive: true });
  for (const [name, text] of [
    ['plan 9', 'nine'],
    ['plan 10', 'ten'],
    ['sub/x', 'x'],
  ] as const) {
    writeFileSync(`${folder}/${name}`, text);
  }
  t.match(await run('ls'), { code: 0, stdout: /^bytes {2}modified {2}name\n +team\/\n$/, stderr: '' });
  const names = async (words: string) =>
    ((await json(words)) as { entries: { name: string }[] }).entries.map(({ name }) => name);
  t.strictSame(await names('ls /team/'), ['sub/', 'plan 9', 'plan 10']);
  t.strictSame(await names('ls /team/ --sort size --reverse'), ['sub/', 'plan 9', 'plan 10']);
  t.match(await run('ls /team/ --as user:bob'), {
    code: 1,
    stdout: '',
    stderr: /user:bob sees nothing in \/team\//,
  });
  await run('grant group:eng read /team/sub/x');
  t.strictSame(await names('ls /team/ --as user:bob --group eng'), ['sub/']);
  t.match(await run('ls /none/'), { code: 1, stdout: '', stderr: /no such folder/ });
  t.match(await run('ls /team'), { code: 2, stdout: '', stderr: /slash/ });
  t.match(await run('ls /team/ --sort owner'), { code: 2, stdout: '', stderr: /--sort takes/ });
});
