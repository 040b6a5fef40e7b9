/**
 * The pages of a file request: the form, and what was received. They say what may be sent and whom it goes to, and
 * nothing of what is in the folder or how it is called.
 */

import type { ShareLink } from '../../acl/share-link.js';
import { type Html, html, NOTHING } from '../html.js';
import { humanDuration, humanSize } from '../human-units.js';
import { renderPage } from '../page-frame.js';

export interface FileRequestTerms {
  /** How many files may still come; `undefined`: any number. */
  readonly room: number | undefined;
  /** Of one file. */
  readonly bytesMax: number;
  readonly endings: readonly string[];
  /** From when a file is there; absent: it stays. */
  readonly filesExpireSeconds?: number;
}

export interface ReceivedFile {
  readonly name: string;
  readonly bytes: number;
}

/** Its form goes to the page's own URL. @param problem why what was sent is not taken */
export function fileRequestPage(link: ShareLink, terms: FileRequestTerms, problem?: string): string {
  const { endings } = terms;
  const body = html`<div class="sheet">
<h1>Send files</h1>
<p>They go to ${link.terms.contact === '' ? 'whoever gave you this link' : link.terms.contact}. Others who have this link do not see them here.${kept(terms)}</p>
${problem === undefined ? NOTHING : html`<p class="wrong" role="alert">${problem}</p>\n`}<form method="post" enctype="multipart/form-data">
<label for="files">${limits(terms)}</label>
<input id="files" name="files" type="file" required${terms.room === 1 ? NOTHING : html` multiple`}${endings.length === 0 ? NOTHING : html` accept="${endings.join(',')}"`}>
<button>Send</button>
</form>
</div>`;
  return renderPage({ title: 'Send files', shape: 'narrow', body });
}

export function receivedPage(files: readonly ReceivedFile[], room: number | undefined): string {
  const rows = files.map(({ name, bytes }) => html`<li>${name} <small>${humanSize(bytes)}</small></li>\n`);
  const body = html`<div class="sheet">
<h1>Thank you</h1>
<p>${files.length === 1 ? 'This file has' : `These ${files.length} files have`} arrived:</p>
<ul>
${rows}</ul>
${room === 0 ? NOTHING : html`<p><a href="./">Send more</a></p>\n`}</div>`;
  return renderPage({ title: 'Thank you', shape: 'narrow', body });
}

function limits({ room, bytesMax, endings }: FileRequestTerms): Html {
  const files = room === 1 ? 'One file' : room === undefined ? 'Files' : `Up to ${room} files`;
  const of = endings.length === 0 ? '' : ` (${endings.join(', ')})`;
  const size = humanSize(bytesMax).replace(' ', '\u00a0');
  return html`${files}${of}, ${room === 1 ? '' : 'each '}${size} at the most`;
}

/** Whoever has them by then still has them, and may be given more time: that they are gone then is not promised. */
function kept({ filesExpireSeconds: seconds }: FileRequestTerms): string {
  if (seconds === undefined) return '';
  return ` Each is kept for ${humanDuration(seconds).replace(' ', '\u00a0')} from when it has arrived.`;
}
