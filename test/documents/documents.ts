/** What is generated in docs/ besides the semantics table. `npm run docs` writes it; the test holds it against this. */

import { readFileSync, writeFileSync } from 'node:fs';
import { cliDocument } from './cli-document.js';
import { openapiDocument } from './openapi-document.js';

export interface GeneratedDocument {
  readonly file: string;
  render(): Promise<string>;
}

export const DOCUMENTS: readonly GeneratedDocument[] = [
  { file: 'docs/cli.md', render: cliDocument },
  { file: 'docs/openapi.json', render: openapiDocument },
];

const REPOSITORY = new URL('../../', import.meta.url);

export function writtenDocument(file: string): string {
  return readFileSync(new URL(file, REPOSITORY), 'utf8');
}

export async function writeDocuments(): Promise<void> {
  for (const { file, render } of DOCUMENTS) writeFileSync(new URL(file, REPOSITORY), await render());
}
