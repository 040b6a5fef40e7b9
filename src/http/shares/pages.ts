/** The small pages of a link: why it does not open, its password, and the card that robots get in place of the bytes. */

import { type Html, html, NOTHING } from '../html.js';
import { humanSize } from '../human-units.js';
import { renderPage } from '../page-frame.js';
import type { Told } from './refusal.js';

export interface RefusalPage {
  readonly told: Told;
  /** For whoever asks about it; the log has it too. */
  readonly requestId: string | undefined;
  /** Where one signs in. */
  readonly signIn?: string | undefined;
}

export function refusalPage({ told, requestId, signIn }: RefusalPage): string {
  const { title, text } = told;
  const body = html`<div class="sheet">
<h1>${title}</h1>
<p>${text}</p>
${signIn === undefined ? NOTHING : html`<p><a href="${signIn}">Sign in</a></p>`}${requestLine(requestId)}</div>`;
  return renderPage({ title, shape: 'narrow', body });
}

export interface PasswordPage {
  readonly told: Told;
  /** Whether one was tried. */
  readonly wrong: 'no' | 'yes';
}

/** Its form goes to the page's own URL. */
export function passwordPage({ told, wrong }: PasswordPage): string {
  const { title, text } = told;
  const body = html`<div class="sheet">
<h1>${title}</h1>
<p${wrong === 'yes' ? html` class="wrong" role="alert"` : NOTHING}>${text}</p>
<form method="post">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>Open</button>
</form>
</div>`;
  return renderPage({ title, shape: 'narrow', body });
}

/** What the link leads to, for the card in a chat (ogp.me). @param bytes `undefined`: a folder */
export function cardPage(name: string, bytes: number | undefined): string {
  const what = bytes === undefined ? 'Folder' : humanSize(bytes);
  const head = html`<meta property="og:title" content="${name}">
<meta property="og:description" content="${what}">
<meta property="og:type" content="website">
`;
  const body = html`<div class="sheet">
<h1>${name}</h1>
<p class="quiet">${what}</p>
</div>`;
  return renderPage({ title: name, shape: 'narrow', body, head });
}

function requestLine(id: string | undefined): Html {
  return id === undefined ? NOTHING : html`<p><small>Request <code>${id}</code></small></p>\n`;
}
