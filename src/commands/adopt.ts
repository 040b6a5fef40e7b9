import { homeOwner, parseHomeTemplate } from '../acl/policy.js';
import type { Principal } from '../acl/principal.js';
import type { ResourcePath } from '../acl/resource-path.js';
import { type AdoptReport, adoptTree, countTree } from '../assembly/maintenance.js';
import { folderArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  FAILED,
  flag,
  type Invocation,
  type OptionValues,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { linesOf, NAMED, tallyOf } from './found-kinds.js';
import { linesOption } from './fsck.js';
import { openSource, Reading, type Source } from './grant-source.js';
import { resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { Progress } from './progress.js';
import { type Session, withStore } from './session.js';

export const command: Command = {
  usage: '[FOLDER] [--owner-by TEMPLATE] [--grants FILE] [--dry-run] [--lines N]',
  summary: 'Registers the files that lie below the root already; services may go on meanwhile.',
  details: [
    'FOLDER    with all below it, such as /team/; default /',
    'TEMPLATE  such as /users/{user}/: what lies below /users/alice/ is of user:alice. Else it is of nobody',
    'FILE      grants as import reads them: all or none, set when all files are registered',
    '',
    'No file is copied, moved or changed. What has a row is passed over, so after whatever stopped it, run it',
    'again and it goes on. Names that cannot be served are reported.',
    'Exit code 1: the grants have bad lines, and nothing was written. 3: something could not be read.',
    ...WAIT_DETAILS,
  ],
  options: {
    'owner-by': valued('TEMPLATE', 'whose each file is, by its path'),
    grants: valued('FILE', 'CSV or JSON Lines'),
    'dry-run': flag('look at everything and write nothing'),
    lines: valued('N', `how many findings of a kind are named; default ${NAMED}`),
    ...waitOptions,
  },
  takes: [0, 1],
  run: async (invocation) => {
    const { options } = invocation;
    const work: Work = {
      folder: folderArgument(invocation.positionals[0]),
      mode: options['dry-run'] === true ? 'dry-run' : 'write',
      ownerOf: ownerOption(options),
      namedMax: linesOption(options),
    };
    const grants = await openGrants(textOption(options, 'grants'));
    try {
      const rows = grants === undefined ? 0 : await check(grants.checked, invocation);
      return await withStore(invocation, async (session) => {
        const report = await register(invocation, session, work);
        const counts =
          grants === undefined || work.mode === 'dry-run'
            ? { rows }
            : { rows, ...(await importAll(grants.imported, invocation, session)) };
        return tell(report, work, counts, invocation, session);
      });
    } finally {
      grants?.checked.stream.destroy();
      grants?.imported.stream.destroy();
    }
  },
};

interface Work {
  readonly folder: ResourcePath;
  readonly mode: 'write' | 'dry-run';
  readonly ownerOf: (path: ResourcePath) => Principal | undefined;
  readonly namedMax: number;
}

/** The file twice: every line is checked before anything is written. */
interface Grants {
  readonly checked: Source;
  readonly imported: Source;
}

async function openGrants(name: string | undefined): Promise<Grants | undefined> {
  if (name === undefined) return undefined;
  if (name === '-') throw new UsageError('--grants takes a file, which is read twice; not standard input');
  const checked = await openSource(name);
  if (checked.bytes !== undefined) return { checked, imported: await openSource(name) };
  checked.stream.destroy();
  throw new UsageError(`--grants takes a file, which is read twice; ${name} is none`);
}

/** @throws RefusedError where a line is bad */
async function check(source: Source, { output }: Invocation): Promise<number> {
  const reading = new Reading(source, output);
  try {
    let rows = 0;
    for await (const batch of reading.batches()) rows += batch.length;
    return rows;
  } finally {
    reading.end();
  }
}

async function importAll(source: Source, { output }: Invocation, { acl }: Session) {
  const reading = new Reading(source, output);
  try {
    return (await acl.importGrants(reading.batches())).value;
  } finally {
    reading.end();
  }
}

async function register({ config }: Invocation, session: Session, work: Work): Promise<AdoptReport> {
  const total = Progress.isShown ? await countTree(config, work.folder) : undefined;
  const progress = new Progress(total, 'files');
  try {
    return await adoptTree(config, session, {
      ...work,
      onProgress: (files) => progress.update(files, files),
    });
  } finally {
    progress.end();
  }
}

interface GrantCounts {
  readonly rows: number;
  readonly added?: number;
  readonly replaced?: number;
}

async function tell(
  report: AdoptReport,
  { mode }: Work,
  grants: GrantCounts,
  invocation: Invocation,
  session: Session,
): Promise<ExitCode> {
  const { files, adopted, owned, known, moving, kinds } = report;
  const { unknown } = tallyOf(kinds);
  const isDry = mode === 'dry-run';
  const value = { files, adopted, owned, known, moving, dryRun: isDry, unknown, grants, kinds };
  const lines = [
    ...linesOf(kinds),
    `${isDry ? 'would be registered' : 'registered'}: ${adopted} of ${files} files, ${owned} with an owner; known before: ${known}`,
    ...(moving > 0 ? [`being written or removed, and left to the service: ${moving}`] : []),
    ...(grants.added === undefined ? [] : [`grants: ${grants.added} added, ${grants.replaced} replaced`]),
    ...(isDry && grants.rows > 0 ? [`${grants.rows} grants are good`] : []),
    ...(isDry ? ['nothing was written (--dry-run)'] : []),
  ];
  if (grants.added === undefined) invocation.output.result(value, lines);
  else await resultInForce(invocation, session, { ...value, revision: await session.acl.revision() }, lines);
  return unknown > 0 ? FAILED : DONE;
}

function ownerOption(options: OptionValues): Work['ownerOf'] {
  const text = textOption(options, 'owner-by');
  if (text === undefined) return () => undefined;
  const home = parseHomeTemplate(text);
  if (home === undefined) {
    throw new UsageError(`--owner-by takes a folder such as /users/{user}/, not '${text}'`);
  }
  const policy = { administrators: new Set<Principal>(), home };
  return (path) => homeOwner(policy, path);
}
