import { parsePrincipal } from '../acl/principal.js';
import {
  type Amount,
  isFolderSubject,
  type QuotaLimits,
  type QuotaSubject,
  type QuotaUse,
} from '../acl/quota.js';
import { quotaJson } from '../acl/quota-json.js';
import { size } from '../settings/numbers.js';
import { folderArgument, userArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  type Invocation,
  type OptionValues,
  RefusedError,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { withStore } from './session.js';
import { table } from './table.js';

const USAGE = 'set SUBJECT [--bytes 10g] [--files 1000] | show SUBJECT | list | remove SUBJECT';

export const command: Command = {
  usage: USAGE,
  summary: 'Quotas: how much the files of a user, or all below a folder, may be.',
  details: [
    'set     sets it, at once; what it does not name has no limit. What is there already stays',
    'show    what is used, and what the limit is',
    'list    every quota that was set',
    'remove  ends it: a user then has what LATCHKEY_USER_BYTES_MAX and _FILES_MAX say, a folder no limit',
    'A SUBJECT is user:alice, or a folder such as /team/. A file counts for its owner, and for every folder',
    'above it.',
  ],
  options: {
    bytes: valued('SIZE', 'bytes, such as 500m or 10g'),
    files: valued('N', 'files'),
  },
  takes: [1, 2],
  run: async (invocation) => {
    const [verb, subject] = invocation.positionals;
    const { bytes, files } = invocation.options;
    const bare = bytes === undefined && files === undefined;
    if (verb === 'set' && subject !== undefined) return set(invocation, subjectArgument(subject));
    if (verb === 'show' && bare && subject !== undefined) return show(invocation, subjectArgument(subject));
    if (verb === 'list' && bare && subject === undefined) return list(invocation);
    if (verb === 'remove' && bare && subject !== undefined) {
      return remove(invocation, subjectArgument(subject));
    }
    throw new UsageError(`the usage is: latchkey quota ${USAGE}`);
  },
};

function subjectArgument(text: string): QuotaSubject {
  if (text.startsWith('/')) return folderArgument(text);
  if (parsePrincipal(text) !== undefined) return userArgument(text);
  throw new UsageError(
    `'${text}' has no quota: name a user, such as user:alice, or a folder, such as /team/`,
  );
}

async function set(invocation: Invocation, subject: QuotaSubject): Promise<ExitCode> {
  const limits = limitsIn(invocation.options);
  return withStore(invocation, async ({ quotas }) => {
    await quotas.setQuota({ subject, ...limits });
    const use = { subject, ...limits, used: await quotas.used(subject) };
    invocation.output.result(quotaJson(use), [`set: ${described(use)}`]);
    return DONE;
  });
}

function limitsIn(options: OptionValues): QuotaLimits {
  const [bytes, files] = [textOption(options, 'bytes'), textOption(options, 'files')];
  if (bytes === undefined && files === undefined) throw new UsageError('give --bytes, --files or both');
  return {
    bytesMax: bytes === undefined ? undefined : bytesIn(bytes),
    filesMax: files === undefined ? undefined : filesIn(files),
  };
}

function bytesIn(text: string): number {
  try {
    return text === '0' ? 0 : size(text);
  } catch {
    throw new UsageError(`--bytes takes a size such as 500m or 10g, not '${text}'`);
  }
}

function filesIn(text: string): number {
  const files = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(files)) return files;
  throw new UsageError(`--files takes a whole number, not '${text}'`);
}

async function show(invocation: Invocation, subject: QuotaSubject): Promise<ExitCode> {
  const { config, output } = invocation;
  return withStore(invocation, async ({ quotas }) => {
    const own = await quotas.quota(subject);
    if (own === undefined && isFolderSubject(subject)) throw noQuota(subject);
    const use = own ?? { subject, ...config.uploadLimits.userLimits, used: await quotas.used(subject) };
    const [source, whose] = own === undefined ? ['default', 'every user'] : ['own', 'its own'];
    output.result({ ...quotaJson(use), source }, [`${described(use)}, by the quota of ${whose}`]);
    return DONE;
  });
}

async function list(invocation: Invocation): Promise<ExitCode> {
  return withStore(invocation, async ({ quotas }) => {
    const uses = await quotas.quotas();
    const heads = ['subject', 'bytes', 'limit', 'files', 'limit'];
    const lines = uses.length === 0 ? ['No quota was set.'] : table(heads, uses.map(row));
    invocation.output.result({ quotas: uses.map(quotaJson) }, lines);
    return DONE;
  });
}

async function remove(invocation: Invocation, subject: QuotaSubject): Promise<ExitCode> {
  return withStore(invocation, async ({ quotas }) => {
    if (!(await quotas.removeQuota(subject))) throw noQuota(subject);
    invocation.output.result({ subject, removed: true }, [`removed: the quota of ${subject}`]);
    return DONE;
  });
}

function noQuota(subject: QuotaSubject): RefusedError {
  return new RefusedError(`${subject} has no quota of its own; latchkey quota list has all of them`);
}

function row({ subject, used, bytesMax, filesMax }: QuotaUse): readonly string[] {
  return [subject, String(used.bytes), limitWord(bytesMax), String(used.files), limitWord(filesMax)];
}

function described({ subject, used, bytesMax, filesMax }: QuotaUse): string {
  const part = (what: keyof Amount, max: number | undefined) => `${used[what]} of ${limitWord(max)} ${what}`;
  return `${subject} has ${part('bytes', bytesMax)} and ${part('files', filesMax)}`;
}

function limitWord(max: number | undefined): string {
  return max === undefined ? 'any' : String(max);
}
