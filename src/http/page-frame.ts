/**
 * The frame of every page that the files service shows to strangers, and the headers that go with it: no scripts, no
 * images, nothing from elsewhere, in nobody's frame, in no cache and no index. The one style is allowed by its hash.
 */

import { createHash } from 'node:crypto';
import { Html, html } from './html.js';
import { STYLE } from './page-style.js';

export interface Page {
  readonly title: string;
  /** `wide` takes the width there is, `narrow` is for a few lines. */
  readonly shape: 'narrow' | 'wide';
  readonly body: Html;
  /** More of the head. */
  readonly head?: Html;
}

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const STYLE_TAG = new Html(`<style>${STYLE}</style>`);

export const PAGE_HEADERS = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/** The URL that was asked for carries authority: it goes into no cache, no index and no Referer. */
export const LINK_ANSWER_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
} as const;

export function renderPage({ title, shape, body, head }: Page): string {
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title}</title>
${head ?? []}${STYLE_TAG}
</head>
<body>
<main class="${shape}">
${body}
</main>
</body>
</html>
`;
  return text;
}
