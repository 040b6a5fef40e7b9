/**
 * A person sends a whole folder from a real browser, by a form without scripts, through a real nginx. The page is the
 * site's own: here it is a file of theirs, which they open at its URL.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { shortFolder } from '../http/asking-files.js';
import { sharedSite } from '../nginx/shared-links.js';
import { partialsIn } from '../uploads/given.js';
import { openBrowser, person } from './browser.js';

const site = await sharedSite(t);
const browser = await openBrowser(t);
const folder = `${shortFolder(t)}/Trip März`;
const FILES: Readonly<Record<string, string>> = {
  'a.txt': 'first',
  'may/b.txt': 'second',
  "may/deep/er/c 'quoted' %41.txt": 'third',
  'Cafe\u0301.txt': 'composed',
};
for (const [name, text] of Object.entries(FILES)) {
  mkdirSync(`${folder}/${name}`.replace(/[^/]+$/, ''), { recursive: true });
  writeFileSync(`${folder}/${name}`, text);
}
const stored = () =>
  readdirSync(`${site.dataFolder}/store/files/users/alice`, { recursive: true, encoding: 'utf8' }).sort();

async function send(conflict: string) {
  const page = await person(browser);
  const origin = `http://127.0.0.1:${site.port}`;
  await page.setExtraHTTPHeaders({ Authorization: `Bearer ${site.token('alice')}` });
  await page.goto(`${origin}/_latchkey/api/v1/openapi.json`); // any page of the origin
  await page.setContent(`<form method=post enctype=multipart/form-data action="${origin}/files/users/alice/">
    <input type=file name=files webkitdirectory multiple>
    <input type=hidden name=onConflict value="${conflict}"><button>Send</button></form>`);
  await page.setInputFiles('input[type=file]', folder);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST'),
    page.click('button'),
  ]);
  return { status: answer.status(), text: await answer.text() };
}

t.test('the folder arrives as it is, and twice under numbers', async (t) => {
  const first = await send('refuse');
  t.equal(first.status, 201, first.text);
  const names = ['a.txt', 'may/b.txt', "may/deep/er/c 'quoted' %41.txt", 'Caf\u00e9.txt'].map(
    (n) => `Trip März/${n}`,
  );
  const files = () => stored().filter((name) => name.endsWith('.txt'));
  t.strictSame(files(), [...names].sort());
  for (const [name, text] of Object.entries(FILES)) {
    const at = `${site.dataFolder}/store/files/users/alice/Trip März/${name.normalize('NFC')}`;
    t.equal(readFileSync(at, 'utf8'), text);
  }
  t.equal((await send('refuse')).status, 412);
  t.equal((await send('keep-both')).status, 201);
  const numbered = names.map((name) => name.replace(/\.txt$/, ' (2).txt'));
  t.strictSame(files(), [...names, ...numbered].sort());
  t.strictSame(partialsIn(site.dataFolder), []);
});
