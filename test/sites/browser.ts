/**
 * Debian's Chromium, driven by playwright-core: one browser with an empty profile of its own for a test, and a context
 * (cookies of their own) for each person.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';

const PROGRAM = '/usr/bin/chromium';
/** It talks to nobody but the site. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const STEP_MS = 20_000;

export async function openBrowser(t: Test): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: apt-get install chromium`);
  const browser = await chromium.launch({ executablePath: PROGRAM, headless: true, args: ARGS });
  t.teardown(() => browser.close());
  return browser;
}

/** A person with a browser of their own, who has signed in nowhere. */
export async function person(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 900, height: 600 } });
  context.setDefaultTimeout(STEP_MS);
  return context.newPage();
}

/** What the person sees, where SCREENSHOTS names a folder for it. */
export async function look(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}
