/** A recipe that is said to be run by the tests is, to the letter, what they run. */

import { readFileSync } from 'node:fs';
import t from 'tap';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

t.test('the Django recipe is the site that the tests sign in to', async (t) => {
  const [, section = ''] = read('docs/credentials.md').split('\n### Django\n');
  const block = section.split('\n### ')[0]?.match(/(?:^ {4}.*\n|^\n(?= {4}))+/m)?.[0] ?? '';
  const functions = block
    .replace(/^ {4}/gm, '')
    .trim()
    .split(/\n\n(?=@)/);
  t.equal(functions.length, 2);
  const site = read('test/sites/django/latchkey.py');
  for (const one of functions) t.ok(site.includes(`\n${one}\n`), one.slice(0, 60));
});
