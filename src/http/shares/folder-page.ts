/** A folder behind a link as a page: what is in it, and where one is below the link's own root. */

import { encodeResourcePath } from '../../acl/resource-path.js';
import { type Html, html, NOTHING } from '../html.js';
import { humanInstant, humanSize } from '../human-units.js';
import { renderPage } from '../page-frame.js';
import type { FolderView, ShownEntry, SortKey, SortOrder } from './folder.js';

const COLUMNS: readonly (readonly [key: SortKey, title: string])[] = [
  ['name', 'Name'],
  ['size', 'Size'],
  ['date', 'Changed'],
];
const ARROW = { asc: '↑', desc: '↓' } as const;

export function folderPage(view: FolderView): string {
  const title = view.trail.at(-1) ?? '';
  const body = html`${breadcrumb(view.trail)}
<div class="sheet list">
${view.entries.length === 0 ? html`<p class="empty">There is nothing here.</p>` : table(view)}
</div>
<footer>${count(view)}</footer>`;
  return renderPage({ title, shape: 'wide', body });
}

/** The names of the folders from the link's root on; the last one is this folder. */
function breadcrumb(trail: readonly string[]): Html {
  const last = trail.length - 1;
  const steps = trail.map((name, i) =>
    i === last ? html`<b>${name}</b>` : html`<a href="${'../'.repeat(last - i)}">${name}</a><i>/</i>`,
  );
  return html`<nav aria-label="Folder">${steps}</nav>`;
}

function table({ entries, sort, order }: FolderView): Html {
  return html`<table>
<thead><tr>${COLUMNS.map(([key, title]) => heading(key, title, sort, order))}</tr></thead>
<tbody>
${entries.map(row)}</tbody>
</table>`;
}

/** The column by which it is sorted turns round; every other begins with what one looks for first. */
function heading(key: SortKey, title: string, sort: SortKey, order: SortOrder): Html {
  const here = key === sort;
  const next = here ? (order === 'asc' ? 'desc' : 'asc') : key === 'name' ? 'asc' : 'desc';
  const sorted = here ? html` aria-sort="${order === 'asc' ? 'ascending' : 'descending'}"` : NOTHING;
  const arrow = here ? html` ${ARROW[order]}` : NOTHING;
  return html`<th class="${key}"${sorted}><a href="?sort=${key}&amp;order=${next}">${title}${arrow}</a></th>`;
}

function row({ name, kind, bytes, modifiedAt }: ShownEntry): Html {
  const slash = kind === 'folder' ? '/' : '';
  const size = bytes === undefined ? NOTHING : html`<span title="${bytes} B">${humanSize(bytes)}</span>`;
  return html`<tr><td class="name ${kind}"><a href="./${encodeResourcePath(name)}${slash}">${name}</a></td><td class="size">${size}</td><td class="date">${humanInstant(modifiedAt)}</td></tr>
`;
}

function count({ entries, cut }: FolderView): string {
  const files = entries.filter(({ kind }) => kind === 'file').length;
  const folders = entries.length - files;
  const words = [
    ...(folders > 0 ? [`${folders} ${folders === 1 ? 'folder' : 'folders'}`] : []),
    ...(files > 0 || folders === 0 ? [`${files} ${files === 1 ? 'file' : 'files'}`] : []),
  ].join(', ');
  return cut ? `${words}. There is more in this folder than is shown here.` : words;
}
