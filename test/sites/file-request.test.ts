/** A person with a browser sends files by a file request: chooses, is told what is wrong, sends, and sends more. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import t from 'tap';
import { hashPassword } from '../../src/links/password.js';
import { shortFolder } from '../http/asking-files.js';
import { sharedSite } from '../nginx/shared-links.js';
import { look, openBrowser, person } from './browser.js';

const UPLOAD = { kind: 'upload' } as const;

const site = await sharedSite(t);
const browser = await openBrowser(t);
const folder = shortFolder(t);
const mine = (name: string) => `${folder}/${name}`;
for (const [name, text] of Object.entries({
  'Report März.pdf': '%PDF-1.7',
  'photo.jpg': 'x',
  'notes.pdf': 'n'.repeat(2_000),
})) {
  writeFileSync(mine(name), text);
}
const stored = (name: string) => `${site.dataFolder}/store/files/${name}`;

/** A click does not wait for the page that it leads to. */
const shows = (page: Page, selector: string, text: RegExp) =>
  page.locator(selector, { hasText: text }).waitFor();

t.test('a person fills in the form', async (t) => {
  await site.put('/in/notes.pdf', 'theirs');
  const upload = { filesMax: 3, bytesMax: 1_500, endings: ['.pdf'] };
  const link = await site.share('/in/', { contact: 'Ann Lee, ann@example.org', upload }, UPLOAD);
  const page = await person(browser);
  const scripts: string[] = [];
  page.on('console', (message) => scripts.push(message.text()));
  await page.goto(`http://127.0.0.1:${site.port}${link.url}`);
  await look(page, 'file-request');
  t.match(await page.textContent('main'), /Ann Lee, ann@example\.org/);
  t.match(await page.textContent('label'), /Up to 3 files \(\.pdf\), each 1\.5\u00a0kB/);

  await page.setInputFiles('input[type=file]', [mine('photo.jpg')]);
  await page.click('button');
  await shows(page, '[role=alert]', /"photo\.jpg" is not asked for/);
  await look(page, 'file-request-refused');
  await page.setInputFiles('input[type=file]', [mine('Report März.pdf'), mine('notes.pdf')]);
  await page.click('button');
  await shows(page, '[role=alert]', /at most 1500 bytes/);
  t.strictSame(readdirSync(stored('in')), ['notes.pdf'], 'nothing of what was refused is there');

  writeFileSync(mine('notes.pdf'), '%PDF-2.0');
  await page.setInputFiles('input[type=file]', [mine('Report März.pdf'), mine('notes.pdf')]);
  await page.click('button');
  await shows(page, 'h1', /^Thank you$/);
  t.match(await page.textContent('ul'), /Report März\.pdf 8 B\s+notes \(2\)\.pdf 8 B/);
  await look(page, 'file-request-received');
  await page.click('text=Send more');
  await shows(page, 'label', /One file/);
  t.equal(readFileSync(stored('in/notes.pdf'), 'utf8'), 'theirs');
  t.equal(readFileSync(stored('in/notes (2).pdf'), 'utf8'), '%PDF-2.0');
  t.equal(readFileSync(stored('in/Report März.pdf'), 'utf8'), '%PDF-1.7');
  await page.setInputFiles('input[type=file]', [mine('notes.pdf')]);
  await page.click('button');
  await shows(page, 'h1', /^Thank you$/);
  t.equal(await page.locator('text=Send more').count(), 0);
  const answer = await page.goto(`http://127.0.0.1:${site.port}${link.url}/`);
  t.equal(answer?.status(), 410);
  await look(page, 'file-request-full');
  t.strictSame(
    scripts.filter((text) => !text.includes('Failed to load resource')),
    [],
    'the policy of the pages forbids nothing that is on them',
  );
});

t.test('a person gives the password first', async (t) => {
  const link = await site.share('/locked/', { passwordHash: await hashPassword('open up') }, UPLOAD);
  const page = await person(browser);
  await page.goto(`http://127.0.0.1:${site.port}${link.url}/`);
  await page.fill('input[type=password]', 'open up');
  await page.click('button');
  await page.setInputFiles('input[type=file]', [mine('photo.jpg')]);
  await page.click('button');
  await shows(page, 'h1', /^Thank you$/);
  t.strictSame(readdirSync(stored('locked')), ['photo.jpg']);
});

t.test('on a phone, at night, with many endings', async (t) => {
  const upload = {
    filesMax: undefined,
    bytesMax: 25_000_000,
    endings: ['.pdf', '.docx', '.odt', '.jpg', '.png'],
  };
  const link = await site.share('/phone/', { contact: 'Ann', upload }, UPLOAD);
  const context = await browser.newContext({ viewport: { width: 360, height: 640 }, colorScheme: 'dark' });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${site.port}${link.url}/`);
  await look(page, 'file-request-phone');
  const wide = await page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  );
  t.equal(wide, false, 'nothing is cut off');
});
