/** tus-js-client in a real browser: the files service is killed, the page is left, and another page goes on. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import t from 'tap';
import { UPLOADS } from '../http/tus-client.js';
import { openBrowser, person } from '../sites/browser.js';
import { resumableNamesIn } from '../uploads/given.js';
import { startSite, until } from './running-site.js';
import { fileOf } from './tus-site.js';
import { whileDown } from './while-down.js';

const MIB = 1024 * 1024;
const SIZE = 24 * MIB;
const SOON_MS = 30_000;
const BUNDLE = readFileSync(
  `${createRequire(import.meta.url)
    .resolve('tus-js-client/package.json')
    .replace('package.json', 'dist/tus.min.js')}`,
  'utf8',
);

/** A page of the site's own, as an application beside Latchkey would have one. */
const PAGE = `<!doctype html><script>${BUNDLE}</script><script>
  const bytes = new Uint8Array(${SIZE});
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 11)) & 255;
  const file = new File([bytes], 'film.bin', { lastModified: 1 });
  window.seen = { sent: 0, creations: 0, offsets: [], failures: 0, done: undefined, failed: undefined };
  window.upTo = 0; // so much may be sent: else it might all have gone before the test has looked
  window.send = async (goOn) => {
    const upload = new tus.Upload(file, {
      endpoint: '${UPLOADS}',
      metadata: { path: '/users/alice/', filename: file.name, filetype: file.type },
      chunkSize: ${MIB},
      retryDelays: [100, 200, 400, 800, 1600, 1600, 1600, 1600],
      onBeforeRequest: async (request) => {
        if (request.getMethod() === 'POST') seen.creations += 1;
        while (request.getMethod() === 'PATCH' && seen.sent >= upTo) await new Promise((go) => setTimeout(go, 5));
      },
      onShouldRetry: () => { seen.failures += 1; return true; },
      onAfterResponse: (request, response) => {
        if (request.getMethod() === 'HEAD' && response.getStatus() === 200) seen.offsets.push(Number(response.getHeader('Upload-Offset')));
      },
      onChunkComplete: (_size, accepted) => { seen.sent = accepted; },
      onSuccess: ({ lastResponse }) => { seen.done = lastResponse.getHeader('Content-Location'); },
      onError: (error) => { seen.failed = String(error); },
    });
    if (goOn) upload.resumeFromPreviousUpload((await upload.findPreviousUploads())[0]);
    upload.start();
  };
</script>`;

interface Seen {
  readonly sent: number;
  readonly creations: number;
  readonly offsets: readonly number[];
  readonly failures: number;
  readonly done?: string;
  readonly failed?: string;
}

function expected(): Buffer {
  const bytes = Buffer.alloc(SIZE);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 11)) & 255;
  return bytes;
}

const seenBy = (page: Page) => page.evaluate('seen') as Promise<Seen>;
const seeing = (page: Page, good: (seen: Seen) => boolean) =>
  until(
    () => page.waitForTimeout(5).then(() => seenBy(page)),
    (seen) => seen.failed !== undefined || good(seen),
    SOON_MS,
  );

t.test('interrupted by a kill, and by leaving the page, it goes on where it was', async (t) => {
  const browser = await openBrowser(t);
  const site = await startSite(t, { LATCHKEY_TOKEN_COOKIE: 'access' });
  const origin = `http://localhost:${site.port}`;
  const page = await person(browser);
  await page.context().addCookies([{ name: 'access', value: site.token('alice'), url: origin }]);
  await page.route(`${origin}/app`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
  await page.goto(`${origin}/app`);
  const mayGoTo = (mib: number) => page.evaluate(`upTo = ${mib * MIB}`);
  await mayGoTo(8);
  await page.evaluate('void send(false)');
  await seeing(page, ({ sent }) => sent >= 4 * MIB);
  await whileDown(site, 'files', async () => {
    await mayGoTo(14);
    await seeing(page, ({ failures }) => failures > 0);
  });
  const killed = await seeing(page, ({ offsets, sent }) => offsets.length > 0 && sent >= 10 * MIB);
  t.equal(killed.failed, undefined);
  t.ok(
    killed.offsets.some((offset) => offset >= 4 * MIB),
    `it went on from ${killed.offsets}`,
  );
  t.equal(killed.creations, 1);

  await page.goto('about:blank');
  await page.goto(`${origin}/app`);
  await mayGoTo(SIZE / MIB);
  await page.evaluate('void send(true)');
  const { failed, done, creations, offsets } = await seeing(page, (seen) => seen.done !== undefined);
  t.equal(failed, undefined);
  t.equal(done, '/files/users/alice/film.bin');
  t.equal(creations, 0, 'nothing was begun again');
  t.ok((offsets[0] ?? 0) >= 10 * MIB, `it went on from ${offsets}`);
  t.ok(fileOf(site, '/users/alice/film.bin').equals(expected()), 'the file is whole');
  t.equal(resumableNamesIn(site.dataFolder).length, 1);
});
