/**
 * A process in the middle of a backup to the file that it is given, until it is killed. Run by Node itself, in the data
 * folder; never imported.
 */

import { writeFileSync } from 'node:fs';

const { beginPartial } = (await import(
  new URL('../../dist/assembly/backup-parts.js', import.meta.url).href
)) as typeof import('../../src/assembly/backup-parts.js');

const partial = beginPartial(process.argv[2] ?? '', () => undefined);
writeFileSync(partial.path, 'half of it', { mode: 0o666 });
writeFileSync(`${partial.path}-journal`, 'and what SQLite has beside it', { mode: 0o666 });
console.log('in its middle');
setInterval(() => undefined, 1_000_000);
