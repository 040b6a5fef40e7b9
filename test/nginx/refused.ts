/** What a refused visitor was told: for the tests of 401, 403, 404 and 429. */

import type { Answer } from './running-site.js';

/** As browsers send them: a page to show, and what is not. */
export const NAVIGATION = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document', Accept: 'text/html' };

/** How often a header is there. */
export function times({ bytes }: Answer, header: string): number {
  const head = bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
  return head.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${header}:`)).length;
}

/** All that an answer says, but when. */
export function withoutDate({ bytes }: Answer): string {
  return bytes.toString('latin1').replace(/^Date: .*\r\n/im, '');
}

/** `page` or `json`, and its status, as the body says it. */
export function form({ status, headers, body }: Answer): string {
  const text = body.toString();
  const page = /^<!doctype html>/.test(text) && headers['content-type'] === 'text/html';
  if (page) return `${status} page`;
  const isProblem = /^application\/problem\+json(?:; charset=utf-8)?$/.test(headers['content-type'] ?? '');
  if (!isProblem) return `${status} other`;
  return (JSON.parse(text) as { status: number }).status === status ? `${status} json` : `${status} other`;
}

/** Where a 302 sends a browser that is on `site`, and where the page there will send it back to. */
export function wayBack(
  answer: Answer,
  site: string,
  parameter = 'next',
): { to: URL; back: string; url: URL } {
  const to = new URL(answer.headers.location ?? '', site);
  const back = to.searchParams.get(parameter) ?? '';
  return { to, back, url: new URL(back, site) };
}
