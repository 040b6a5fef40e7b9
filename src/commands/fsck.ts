import type { QuotaStore } from '../acl/quota-ports.js';
import { checkTree, countTree, type FsckReport } from '../assembly/maintenance.js';
import { folderArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  FAILED,
  flag,
  type Invocation,
  type OptionValues,
  type Output,
  REFUSED,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { linesOf, NAMED, NAMED_MAX, tallyOf } from './found-kinds.js';
import { resultInForce, waitOptions } from './in-force.js';
import { Progress } from './progress.js';
import { type Session, withStore } from './session.js';

export const command: Command = {
  usage: '[FOLDER] [--repair] [--digests] [--lines N]',
  summary: 'Compares the store with the disk, both ways; services may go on meanwhile.',
  details: [
    'FOLDER  with all below it, such as /team/; default /',
    '',
    'What does not match is looked at a second time, so that what is being uploaded or deleted is no finding.',
    '--repair mends the rows of the store: it drops those without a file, takes over the size and time of files',
    'that were changed past Latchkey, and finishes what a crash left, where no files service runs. It removes no',
    'file.',
    '--digests reads every file whose SHA-256 is stored (LATCHKEY_STORE_DIGESTS), and compares. What differs is',
    'told, and never mended: nobody can tell which bytes are right.',
    'To finish a move or a removal can take a right away: with PostgreSQL it then waits until every authorizer',
    'decides by it, and says so; with --no-wait it does not.',
    'Exit code 0: clean, or all was mended. 1: something is left to be done. 3: something could not be read.',
  ],
  options: {
    repair: flag('mend what can be mended'),
    digests: flag('compare the bytes of files with their stored digests, too; it reads all of them'),
    lines: valued('N', `how many findings of a kind are named; default ${NAMED}`),
    ...waitOptions,
  },
  takes: [0, 1],
  run: async (invocation) => {
    const { config, options, output } = invocation;
    const folder = folderArgument(invocation.positionals[0]);
    const namedMax = linesOption(options);
    return withStore(invocation, async (store) => {
      const total = Progress.isShown ? await countTree(config, folder) : undefined;
      const progress = new Progress(total, 'files');
      const digestProgress = new Progress(total, 'digests');
      const before = await store.acl.revision();
      try {
        const report = await checkTree(config, store, {
          folder,
          mode: options.repair === true ? 'repair' : 'report',
          namedMax,
          onProgress: (files) => progress.update(files, files),
          ...(options.digests === true && {
            onDigest: (digests: number) => digestProgress.update(digests, digests),
          }),
        });
        digestProgress.end();
        progress.end();
        if (options.repair === true) await recount(store.quotas, output);
        const revision = await store.acl.revision();
        return tell(report, invocation, { receipts: store.receipts, before, revision });
      } finally {
        digestProgress.end();
        progress.end();
      }
    });
  },
};

/** What is counted for quotas is kept right by the store itself; this mends what somebody else wrote into it. */
async function recount(quotas: QuotaStore, output: Output): Promise<void> {
  for (const subject of await quotas.recount()) output.note(`counted anew what is used of ${subject}`);
}

interface Mended extends Pick<Session, 'receipts'> {
  /** Revisions of the store. */
  readonly before: number;
  readonly revision: number;
}

async function tell(
  { files, records, moving, digests, kinds }: FsckReport,
  invocation: Invocation,
  { receipts, before, revision }: Mended,
): Promise<ExitCode> {
  const { problems, mended, unknown } = tallyOf(kinds);
  const counted = [
    `checked: ${files} files, ${records} rows`,
    ...(digests === undefined ? [] : [`digests computed and compared: ${digests}`]),
    ...(moving > 0 ? [`being changed meanwhile, and not among them: ${moving}`] : []),
  ];
  const verdict =
    problems + mended + unknown === 0
      ? 'clean'
      : `problems left: ${problems}, mended: ${mended}, not known: ${unknown}`;
  const value = {
    files,
    rows: records,
    moving,
    ...(digests !== undefined && { digests }),
    problems,
    mended,
    unknown,
    kinds,
  };
  const lines = [...linesOf(kinds), ...counted, verdict];
  // A row that has no file any more takes no right with it.
  if (revision === before) invocation.output.result(value, lines);
  else await resultInForce(invocation, { receipts }, { ...value, revision }, lines);
  if (unknown > 0) return FAILED;
  return problems > 0 ? REFUSED : DONE;
}

export function linesOption(options: OptionValues): number {
  const text = textOption(options, 'lines') ?? String(NAMED);
  const lines = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (lines <= NAMED_MAX) return lines;
  throw new UsageError(`--lines takes a whole number from 0 to ${NAMED_MAX}, not '${text}'`);
}
