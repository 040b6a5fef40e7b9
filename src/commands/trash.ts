import { parseDuration } from '../acl/instant.js';
import type { TrashedFile, TrashStore } from '../acl/life-ports.js';
import { type ResourcePath, ROOT } from '../acl/resource-path.js';
import { trashedJson } from '../acl/trashed-json.js';
import { FileRefused, type RestoreWish } from '../assembly/file-work.js';
import { folderArgument, pathArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  type Invocation,
  type OptionSpecs,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { filesInForce, waitOptions } from './in-force.js';
import { withFileWork } from './served-files.js';
import { withStore } from './session.js';
import { table } from './table.js';

const USAGE = 'list [FOLDER] | restore ID … | empty [ID…] …';
const IDS_MAX = 1_000;
/** Entries that are fetched at once. */
const PAGE = 1_000;

const OPTIONS: OptionSpecs = {
  to: valued('PATH', 'restore to another path; default: where it was'),
  'on-conflict': valued(
    'C',
    'restore where there is a file meanwhile: refuse, replace or keep-both; default refuse',
  ),
  grants: valued('G', 'restore with the grants that it had, keep, or without, drop; default drop'),
  'older-than': valued('DURATION', 'empty only of what was removed so long ago, such as 7d'),
  below: valued('FOLDER', 'empty only of what was below this folder'),
  ...waitOptions,
};
const OF_VERB: Readonly<Record<string, readonly string[]>> = {
  list: [],
  restore: ['to', 'on-conflict', 'grants', 'no-wait'],
  empty: ['older-than', 'below'],
};

export const command: Command = {
  usage: USAGE,
  summary: 'What was removed, for LATCHKEY_TRASH_TIME: listed, restored, or removed for good.',
  details: [
    'list [FOLDER]',
    'restore ID [--to PATH] [--on-conflict C] [--grants G]',
    'empty [ID…] [--older-than D] [--below FOLDER]',
    '',
    'list     what was removed, the latest first, with the ID of each',
    'restore  brings a file back, without the allows that it had, unless --grants keep says so; keep-both keeps',
    '         the file that is there meanwhile, and restores beside it as NAME (2)',
    'empty    removes for good: those IDs, or all that the options leave',
    'What is in the trash is never served. A file that was replaced is not in it.',
    'A running files service is asked to restore and to empty; without one, the command does it.',
    'Denies come back too: with PostgreSQL restore waits until every authorizer decides by them, and says so; with',
    '--no-wait it does not. What is in the trash nobody may read, so to empty it takes nothing away.',
  ],
  options: OPTIONS,
  takes: [1, 1 + IDS_MAX],
  run: async (invocation) => {
    const [verb = '', ...subjects] = invocation.positionals;
    const taken = Object.hasOwn(OF_VERB, verb) ? OF_VERB[verb] : undefined;
    if (taken === undefined) throw new UsageError(`the usage is: latchkey trash ${USAGE}`);
    const foreign = Object.keys(OPTIONS).find(
      (name) => invocation.options[name] !== undefined && !taken.includes(name),
    );
    if (foreign !== undefined) throw new UsageError(`trash ${verb} takes no --${foreign}`);
    if (verb === 'list' && subjects.length <= 1) return list(invocation, subjects[0]);
    if (verb === 'restore' && subjects.length === 1) return restore(invocation, subjects[0] ?? '');
    if (verb === 'empty') return empty(invocation, subjects);
    throw new UsageError(`the usage is: latchkey trash ${USAGE}`);
  },
};

async function list(invocation: Invocation, text: string | undefined): Promise<ExitCode> {
  const folder = folderArgument(text);
  return withStore(invocation, async ({ trash }) => {
    const entries = (await allTrash(trash, folder)).map(trashedJson);
    const cells = entries.map(({ id, removedAt, bytes, removedBy = '', path }) => {
      return [id, removedAt, removedBy, String(bytes), path];
    });
    const lines =
      entries.length === 0
        ? ['There is nothing in the trash.']
        : table(['id', 'removed', 'by', 'bytes', 'path'], cells);
    invocation.output.result({ folder, entries }, lines);
    return DONE;
  });
}

async function restore(invocation: Invocation, id: string): Promise<ExitCode> {
  const to = textOption(invocation.options, 'to');
  const wish: RestoreWish = {
    id,
    to: to === undefined ? undefined : pathArgument(to),
    onConflict: wordOption(invocation, 'on-conflict', ['refuse', 'replace', 'keep-both']),
    grants: wordOption(invocation, 'grants', ['drop', 'keep']),
  };
  return withFileWork(invocation, async (files) => {
    const { path, bytes, created } = await files.restore(wish);
    await filesInForce(invocation, files, { id, path, bytes, created }, [`restored: ${path}`]);
    return DONE;
  });
}

async function empty(invocation: Invocation, ids: readonly string[]): Promise<ExitCode> {
  const { options, output } = invocation;
  const below = folderArgument(textOption(options, 'below'));
  const lasting = textOption(options, 'older-than');
  const age = lasting === undefined ? 0 : parseDuration(lasting);
  if (age === undefined) throw new UsageError(`--older-than takes a duration such as 7d, not '${lasting}'`);
  if (ids.length > 0 && (lasting !== undefined || below !== ROOT)) {
    throw new UsageError('name IDs, or say which by --older-than and --below');
  }
  const until = Date.now() - age;
  const chosen =
    ids.length > 0
      ? ids
      : await withStore(invocation, async ({ trash }) => {
          const all = await allTrash(trash, below);
          return all.filter(({ removedAt }) => removedAt <= until).map(({ id }) => id);
        });
  return withFileWork(invocation, async (files) => {
    const refused: FileRefused[] = [];
    // Whoever frees a disk is not to be stopped by one that stays, or that has gone meanwhile.
    for (const id of chosen) {
      await files.dropTrashed(id).catch((error) => {
        if (!(error instanceof FileRefused)) throw error;
        refused.push(error);
      });
    }
    const dropped = chosen.length - refused.length;
    output.result({ dropped }, [`removed for good: ${dropped} files`]);
    if (refused[0] !== undefined) throw refused[0];
    return DONE;
  });
}

async function allTrash(trash: TrashStore, folder: ResourcePath): Promise<readonly TrashedFile[]> {
  const all: TrashedFile[] = [];
  for (let before: TrashedFile | undefined; ; ) {
    const page: readonly TrashedFile[] = await trash.trash({ folder, before, max: PAGE });
    all.push(...page);
    before = page.at(-1);
    if (page.length < PAGE) return all;
  }
}

function wordOption<T extends string>({ options }: Invocation, name: string, words: readonly [T, ...T[]]): T {
  const given = textOption(options, name) ?? words[0];
  const word = words.find((known) => known === given);
  if (word === undefined) throw new UsageError(`--${name} takes ${words.join(', ')}, not '${given}'`);
  return word;
}
