/** What fsck finds: how each comes about, how it is told, and what --repair does about it. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { draft, entry, path } from '../storage/given.js';
import { linkRecord } from '../storage/given-links.js';
import { SECOND, type TreeDesk } from './tree-desk.js';

const PARTIAL = '00000000-0000-4000-8000-000000000000';
const OTHER = '11111111-1111-4111-8111-111111111111';
const NEXT_YEAR = Date.UTC(2100, 0);

export interface FsckCase {
  readonly name: string;
  given(at: TreeDesk): Promise<void> | void;
  /** Without the last two lines. */
  readonly found: readonly string[];
  readonly code: number;
  readonly mended: readonly string[];
  readonly mendedCode: number;
  /** Of `found` what a second run with --repair still says. */
  readonly left: readonly string[];
}

const WHOLE = `${'/whole'.length} bytes of 2023-11-14T22:13:20.000Z`;

/** What only a person can mend is found again, and --repair leaves it. */
const byHand = (
  name: string,
  code: number,
  given: FsckCase['given'],
  ...found: readonly string[]
): FsckCase => {
  return { name, given, found, code, mended: found, mendedCode: code, left: found };
};

export const CASES: readonly FsckCase[] = [
  byHand('nothing', 0, () => undefined),
  {
    name: 'a record without a file',
    given: ({ files }) => rmSync(`${files}/whole`),
    found: [
      '1 row has no file (bring the file back, or drop the row with --repair)',
      `  /whole  (${WHOLE}, owner user:owner)`,
    ],
    code: 1,
    mended: ['1 row has no file (row dropped; grants are left)', `  /whole  (${WHOLE}, owner user:owner)`],
    mendedCode: 0,
    left: [],
  },
  {
    name: 'a file of another size',
    given: ({ files }) => {
      writeFileSync(`${files}/whole`, 'longer than before');
      utimesSync(`${files}/whole`, SECOND, SECOND);
    },
    found: [
      '1 file is another one than its row says (written past Latchkey; --repair takes over size and time)',
      `  /whole  (${WHOLE} by the store, 18 bytes of 2023-11-14T22:13:20.000Z on the disk)`,
    ],
    code: 1,
    mended: [
      '1 file is another one than its row says (size and time taken over)',
      `  /whole  (${WHOLE} by the store, 18 bytes of 2023-11-14T22:13:20.000Z on the disk)`,
    ],
    mendedCode: 0,
    left: [],
  },
  {
    name: 'a file of another time, which no calendar knows',
    given: ({ files }) => utimesSync(`${files}/whole`, SECOND + 1, SECOND + 1),
    found: [
      '1 file is another one than its row says (written past Latchkey; --repair takes over size and time)',
      `  /whole  (${WHOLE} by the store, 6 bytes of 2023-11-14T22:13:21.000Z on the disk)`,
    ],
    code: 1,
    mended: [
      '1 file is another one than its row says (size and time taken over)',
      `  /whole  (${WHOLE} by the store, 6 bytes of 2023-11-14T22:13:21.000Z on the disk)`,
    ],
    mendedCode: 0,
    left: [],
  },
  {
    name: 'a commit that a crash has left before its rename',
    given: async (at) => {
      await at.withStore((store) => store.files.beginCommit([entry(PARTIAL, '/new', 'hidden')]));
      writeFileSync(`${at.dataFolder}/partial/${PARTIAL}`, '0123456789');
      utimesSync(`${at.dataFolder}/partial/${PARTIAL}`, SECOND, SECOND);
    },
    found: [
      '1 write has not ended (the start of the files service finishes it)',
      '  /new  (start the files service, or --repair)',
    ],
    code: 1,
    mended: ['1 write has not ended (finished, or given up where its bytes are lost)', '  /new'],
    mendedCode: 0,
    left: [],
  },
  {
    name: 'a commit whose bytes are lost, and a removal',
    given: async ({ withStore }) => {
      await withStore(async ({ files }) => {
        await files.beginCommit([entry(PARTIAL, '/lost', 'at-once')]);
        await files.beginRemoval({ partial: 'removal /gone', path: path('/gone') });
      });
    },
    found: [
      '2 writes have not ended (the start of the files service finishes it)',
      '  /lost  (start the files service, or --repair)',
      '  /gone  (start the files service, or --repair)',
    ],
    code: 1,
    mended: [
      '2 writes have not ended (finished, or given up where its bytes are lost)',
      '  /lost',
      '  /gone',
    ],
    mendedCode: 0,
    left: [],
  },
  {
    name: 'a partial, beside what is not ours',
    given: ({ dataFolder }) => {
      writeFileSync(`${dataFolder}/partial/${OTHER}`, 'half');
      writeFileSync(`${dataFolder}/partial/notes.txt`, 'not ours');
    },
    found: [
      '1 partial is left of an upload (the start of the files service drops it)',
      `  ${OTHER}  (start the files service, or --repair)`,
    ],
    code: 1,
    mended: ['1 partial is left of an upload (dropped)', `  ${OTHER}`],
    mendedCode: 0,
    left: [],
  },
  byHand(
    'something among resumable uploads that is of none',
    1,
    ({ dataFolder }) => {
      mkdirSync(`${dataFolder}/partial/tus`);
      writeFileSync(`${dataFolder}/partial/tus/notes.txt`, 'not ours');
    },
    '1 thing is of no resumable upload (the start of the files service removes what uploads left; look at anything else, and remove it)',
    '  tus/notes.txt  (no upload has such a name)',
  ),
  byHand(
    'symlinks to a file, to a folder outside, in a loop and to nothing, a pipe, and a socket',
    1,
    ({ files }) => {
      symlinkSync('whole', `${files}/a`);
      symlinkSync('/etc', `${files}/b`);
      symlinkSync('.', `${files}/c`);
      symlinkSync('/nowhere', `${files}/d`);
      execFileSync('mkfifo', [`${files}/e`]);
      const listen = "require('node:net').createServer().listen('f', () => process.exit())";
      execFileSync(process.execPath, ['-e', listen], { cwd: files }); // a socket's path has few bytes
    },
    '6 things are no files (nginx serves none of it; put a file or a folder in its place, or remove it)',
    '  /a  (symlink)',
    '  /b  (symlink)',
    '  /c  (symlink)',
    '  /d  (symlink)',
    '  /e  (pipe)',
    '  /f  (socket)',
  ),
  byHand(
    'names that are no resource path',
    1,
    ({ files }) => {
      writeFileSync(`${files}/a\nb`, '');
      writeFileSync(`${files}/back\\slash`, '');
      writeFileSync(Buffer.from(`${files}/\xff\x1b[2J`, 'latin1'), '');
      mkdirSync(`${files}/c\u0085d/e`, { recursive: true });
    },
    '4 names are no resource paths (nobody can be allowed it, nor what is in it; rename it)',
    '  /a\\x0ab  (it holds a control character)',
    '  /back\\slash  (it holds a backslash)',
    '  /c\\x85d/  (it holds a control character)',
    '  /\\xff\\x1b[2J  (it is not UTF-8)',
  ),
  byHand(
    'a file without a record, which is no fault',
    0,
    ({ put }) => put('/new', `/deep/${'é'.repeat(127)}/${'n'.repeat(255)}`),
    '2 files have no row (served all the same; latchkey adopt makes one)',
    `  /deep/${'é'.repeat(127)}/${'n'.repeat(255)}`,
    '  /new',
  ),
  byHand(
    'grants on what is not there, which may come first',
    0,
    async (at) => {
      at.put('/folder/file');
      await at.record('/folder/file');
      const lines = ['/', '/folder/', '/folder', '/none', '/none', '/none/', '/whole'];
      const grants = lines.map((on, i) => draft(`user:u${i} read ${on}`));
      await at.withStore(({ acl }) => acl.putGrants(grants));
    },
    '3 paths have grants and are not there (a grant may come first; else revoke it)',
    '  /folder',
    '  /none',
    '  /none/',
  ),
  byHand(
    'share links that lead to nothing',
    1,
    async (at) => {
      const alive = { expiresAt: NEXT_YEAR };
      await at.withStore(async ({ shareLinks }) => {
        await shareLinks.addLink(linkRecord('dead', { path: path('/none') }, alive));
        await shareLinks.addLink(linkRecord('folder', { path: path('/whole/') }, alive));
        await shareLinks.addLink(linkRecord('good', { path: path('/whole') }, alive));
        await shareLinks.addLink(linkRecord('root', { path: path('/') }, alive));
        await shareLinks.addLink(linkRecord('ended', { path: path('/none') }));
        await shareLinks.addLink(linkRecord('revoked', { path: path('/none'), revokedAt: 1 }, alive));
        await shareLinks.addLink(linkRecord('request', { path: path('/none/'), kind: 'upload' }, alive));
      });
    },
    '2 share links lead to nothing (bring it back, or revoke the link)',
    '  /none  (link dead)',
    '  /whole/  (link folder)',
  ),
];
