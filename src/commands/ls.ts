import { formatInstant, isInstant } from '../acl/instant.js';
import { subjectAs } from '../acl/principal.js';
import { isFolder } from '../acl/resource-path.js';
import { listingOver } from '../assembly/file-parts.js';
import { asRefused } from '../assembly/file-work.js';
import { storageRootOf } from '../assembly/foundations.js';
import { groupOptions, pathArgument, principalArgument } from './arguments.js';
import {
  type Command,
  DONE,
  flag,
  type Invocation,
  REFUSED,
  repeated,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { toldAsRefused } from './served-files.js';
import { withStore } from './session.js';
import { table } from './table.js';

const SORT_KEYS = ['name', 'size', 'date'] as const;
/** Entries that are fetched at once. */
const PAGE = 1_000;

export const command: Command = {
  usage: '[FOLDER] [--as PRINCIPAL [--group NAME]…] [--sort name|size|date] [--reverse] [--digests]',
  summary: 'Lists a folder, by default the root: all that is in it, or what a principal gets to see of it.',
  details: [
    'A principal sees the files that it may read, and the folders that it may read or in which a grant lets it',
    'read something. With --as, exit code 1 says that it sees nothing there.',
  ],
  options: {
    as: valued('PRINCIPAL', 'as user:NAME, group:NAME, authenticated or anyone sees it'),
    group: repeated('NAME', 'a group that the credential would claim; may be given several times'),
    sort: valued('name|size|date', 'default name; folders come first'),
    reverse: flag('the other way round'),
    digests: flag('with the SHA-256 of each file, as far as it is stored (LATCHKEY_STORE_DIGESTS)'),
  },
  takes: [0, 1],
  run: async (invocation) => {
    const { config, options, output } = invocation;
    const folder = pathArgument(invocation.positionals[0] ?? '/');
    if (!isFolder(folder)) throw new UsageError(`'${folder}' is a file's path: a folder ends in a slash`);
    const as = textOption(options, 'as');
    const subject = as === undefined ? undefined : subjectAs(principalArgument(as), groupOptions(options));
    const question = { folder, subject, sort: sortOf(invocation), max: PAGE } as const;
    const order = options.reverse === true ? 'desc' : 'asc';
    return withStore(invocation, async ({ tree, expiries, digests, authorizer }) => {
      const listing = listingOver(config, {
        root: storageRootOf(config),
        store: { tree, expiries, digests },
        authorizer,
      });
      const entries = [];
      let after: string | undefined;
      do {
        const page = await listing
          .page({ ...question, order, after })
          .catch(asRefused)
          .catch(toldAsRefused);
        if (page === undefined) {
          output.note(`${as} sees nothing in ${folder}`);
          return REFUSED;
        }
        entries.push(...page.entries);
        after = page.next;
      } while (after !== undefined);
      const rows = entries.map(({ name, kind, bytes, modifiedSeconds, expiresAt, sha256 }) => ({
        name: kind === 'folder' ? `${name}/` : name,
        bytes: kind === 'file' ? bytes : undefined,
        modifiedAt:
          kind === 'file' && isInstant(modifiedSeconds * 1000)
            ? formatInstant(modifiedSeconds * 1000)
            : undefined,
        ...(expiresAt !== undefined && { expiresAt: formatInstant(expiresAt) }),
        ...(sha256 !== undefined && { sha256 }),
      }));
      output.result({ folder, entries: rows }, linesOf(rows, options.digests === true ? ['SHA-256'] : []));
      return DONE;
    });
  },
};

function sortOf({ options }: Invocation): (typeof SORT_KEYS)[number] {
  const wanted = textOption(options, 'sort') ?? 'name';
  const sort = SORT_KEYS.find((key) => key === wanted);
  if (sort === undefined) throw new UsageError(`--sort takes ${SORT_KEYS.join(', ')}, not '${wanted}'`);
  return sort;
}

interface Row {
  readonly name: string;
  readonly bytes: number | undefined;
  readonly modifiedAt: string | undefined;
  readonly expiresAt?: string;
  readonly sha256?: string;
}

function linesOf(rows: readonly Row[], more: readonly 'SHA-256'[]): readonly string[] {
  if (rows.length === 0) return ['The folder is empty.'];
  const cells = rows.map(({ name, bytes, modifiedAt, expiresAt, sha256 }) => [
    String(bytes ?? ''),
    modifiedAt ?? '',
    ...more.map(() => sha256 ?? ''),
    expiresAt === undefined ? name : `${name}  (expires ${expiresAt})`,
  ]);
  return table(['bytes', 'modified', ...more, 'name'], cells);
}
