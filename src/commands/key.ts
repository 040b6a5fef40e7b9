import { formatInstant } from '../acl/instant.js';
import type { ApiKeyRecord } from '../acl/ports.js';
import { ROOT } from '../acl/resource-path.js';
import { newApiKey } from '../credentials/api-key-text.js';
import { actionArgument, endOf, pathArgument, userArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  type Invocation,
  RefusedError,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { warnOfFolder } from './folder-warning.js';
import { refuseNoWait, resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withStore } from './session.js';
import { table } from './table.js';

const USAGE = 'create USER [--action A] [--path PATH] [--for 90d] [--note TEXT] | list [USER] | revoke ID';
const ACTION = 'read';
/** Characters: a line of a list. */
const NOTE_LENGTH_MAX = 200;
const CREATE_OPTIONS = ['action', 'path', 'for', 'note'];

export const command: Command = {
  usage: USAGE,
  summary: 'API keys for scripts. A key may do what its user may, within what the key is limited to.',
  details: [
    'create  prints the key, this once: of it only a hash is kept',
    'list    every key, or those of one user, by its ID; never the key itself',
    'revoke  ends a key; the next request with it is refused when the command returns',
    'A USER is alice or user:alice. Clients send the key as X-Api-Key, as a bearer, or as the password of Basic:',
    'curl -u alice:KEY. Outside of its action and path a key may do what anyone may.',
    ...WAIT_DETAILS,
  ],
  options: {
    action: valued('A', `the most that it may do: read, write or manage; default ${ACTION}`),
    path: valued('PATH', `where: a file, or a folder and all below it; default ${ROOT}`),
    for: valued('DURATION', 'how long it is good, such as 8h, 90d or 52w; default: until it is revoked'),
    note: valued('TEXT', `what it is for; at most ${NOTE_LENGTH_MAX} characters`),
    ...waitOptions,
  },
  takes: [1, 2],
  run: async (invocation) => {
    const [verb, subject, ...rest] = invocation.positionals;
    const bare = CREATE_OPTIONS.every((name) => invocation.options[name] === undefined);
    if (verb === 'create' && subject !== undefined && rest.length === 0) return create(invocation, subject);
    if (verb === 'list' && bare) return list(invocation, subject);
    if (verb === 'revoke' && bare && subject !== undefined) return revoke(invocation, subject);
    throw new UsageError(`the usage is: latchkey key ${USAGE}`);
  },
};

async function create(invocation: Invocation, name: string): Promise<ExitCode> {
  refuseNoWait(invocation, 'key create');
  const { config, options, output } = invocation;
  const { text, ...named } = newApiKey();
  const createdAt = Date.now();
  const lasting = textOption(options, 'for');
  const key: ApiKeyRecord = {
    ...named,
    user: userArgument(name),
    scope: {
      action: actionArgument(textOption(options, 'action') ?? ACTION),
      path: pathArgument(textOption(options, 'path') ?? ROOT),
    },
    createdAt,
    expiresAt: lasting === undefined ? undefined : endOf(createdAt, lasting),
    lastUsedAt: undefined,
    note: noteOf(textOption(options, 'note')),
  };
  return withStore(invocation, async ({ credentials }) => {
    const { revision } = await credentials.addApiKey(key);
    output.result({ key: text, ...keyJson(key), revision }, [text]);
    if (!output.json) output.note(`key ${key.id} of ${described(key)}; it is shown this once`);
    await warnOfFolder(invocation, key.scope.path);
    if (!config.credentials.includes('api-key')) {
      output.note('LATCHKEY_CREDENTIALS leaves out api-key: no key counts');
    }
    return DONE;
  });
}

function noteOf(text = ''): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) || !text.isWellFormed()) {
    throw new UsageError('--note takes one line of text, without control characters');
  }
  if (text.length <= NOTE_LENGTH_MAX) return text;
  throw new UsageError(`--note takes at most ${NOTE_LENGTH_MAX} characters, not ${text.length}`);
}

async function list(invocation: Invocation, name: string | undefined): Promise<ExitCode> {
  refuseNoWait(invocation, 'key list');
  const user = name === undefined ? undefined : userArgument(name);
  return withStore(invocation, async ({ credentials }) => {
    const keys = await credentials.apiKeys(user);
    const heads = ['id', 'user', 'may', 'path', 'created', 'expires', 'last used', 'note'];
    const none = [user === undefined ? 'There is no API key.' : `${user} has no API key.`];
    invocation.output.result(
      { keys: keys.map(keyJson) },
      keys.length > 0 ? table(heads, keys.map(row)) : none,
    );
    return DONE;
  });
}

function row(key: ApiKeyRecord): readonly string[] {
  const { id, user, scope, createdAt, expiresAt, lastUsedAt, note } = key;
  const end = expiresAt === undefined ? 'never' : instantWord(expiresAt);
  const used = lastUsedAt === undefined ? 'never' : instantWord(lastUsedAt);
  return [id, user, scope.action, scope.path, instantWord(createdAt), end, used, note];
}

/** To the second, in UTC. */
function instantWord(instant: number): string {
  return formatInstant(instant).replace(/\.\d+Z$/, 'Z');
}

async function revoke(invocation: Invocation, id: string): Promise<ExitCode> {
  return withStore(invocation, async (session) => {
    const { value: key, revision } = await session.credentials.removeApiKey(id);
    if (key === undefined) {
      throw new RefusedError(`there is no API key '${id}'; latchkey key list has the ids`);
    }
    await resultInForce(invocation, session, { ...keyJson(key), revision }, [
      `revoked: key ${id} of ${described(key)}`,
    ]);
    return DONE;
  });
}

function described({ user, scope, expiresAt }: ApiKeyRecord): string {
  const end = expiresAt === undefined ? '' : ` until ${formatInstant(expiresAt)}`;
  return `${user}: ${scope.action} ${scope.path}${end}`;
}

/** Everything but the hash; absent is what never was or has no end. */
function keyJson({ id, user, scope, createdAt, expiresAt, lastUsedAt, note }: ApiKeyRecord) {
  return {
    id,
    user,
    action: scope.action,
    path: scope.path,
    createdAt: formatInstant(createdAt),
    ...(expiresAt !== undefined && { expiresAt: formatInstant(expiresAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: formatInstant(lastUsedAt) }),
    note,
  };
}
