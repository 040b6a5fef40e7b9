/** The semantics table as the document docs/decisions/0009-semantics.md; `npm run docs` writes it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { type Ask, SCENARIOS } from './semantics-scenarios.js';

const DOCUMENT = new URL('../docs/decisions/0009-semantics.md', import.meta.url);

const HEAD = `# Who may: the semantics table

The rules are few: the nearest path decides; on one path the user stands before the group, the group before
\`authenticated\`, that before \`anyone\`; then deny before allow. What follows from them is below. Each row is a test
(\`test/semantics.test.ts\` reads the same table), on SQLite and in memory. \`user:root\` is an administrator, a home
is \`/users/{user}/\`. This file is written by \`npm run docs\`.

| scenario | done | asked | answer |
|---|---|---|---|
`;

export function renderedTable(): string {
  const rows = SCENARIOS.flatMap(({ name, done, asks }) =>
    asks.map((ask, i) => {
      const first = i === 0;
      return `| ${first ? name : ''} | ${first ? done.map(code).join('<br>') : ''} | ${asked(ask)} | ${ask.answer} |\n`;
    }),
  );
  return HEAD + rows.join('');
}

function asked({ who, action, path, groups = [], at }: Ask): string {
  const claimed = groups.length > 0 ? `, claiming ${groups.join(', ')}` : '';
  return `${code(`${who} ${action} ${path}`)}${claimed}${at === undefined ? '' : ` at ${at} ms`}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

export function writtenTable(): string {
  return readFileSync(DOCUMENT, 'utf8');
}

export function writeTable(): void {
  writeFileSync(DOCUMENT, renderedTable());
}
