/** The options by which `latchkey link create` and `change` name the terms of a link, and what they ask for. */

import { closeSync, openSync, readSync } from 'node:fs';
import { parseDuration } from '../acl/instant.js';
import { LinkProblem } from '../links/link-limits.js';
import type { TermsRequest } from '../links/link-terms.js';
import { size } from '../settings/numbers.js';
import { SettingProblem } from '../settings/setting-problem.js';
import { endOf, instantOption } from './arguments.js';
import {
  flag,
  type Invocation,
  type OptionSpecs,
  type OptionValues,
  repeated,
  textOption,
  textOptions,
  UsageError,
  valued,
} from './command.js';

export const termOptions: OptionSpecs = {
  for: valued('DURATION', 'create, change, sign: how long it is good, such as 90s, 30m, 8h or 7d'),
  until: valued('ISO', 'create, change: when it ends, such as 2027-01-31T12:00Z'),
  from: valued('ISO', 'create, change: when it begins'),
  'password-file': valued('FILE|-', 'create, change: a file that holds its password; -: standard input'),
  recipient: repeated('PRINCIPAL', 'create, change: only for these, signed in; may be given several times'),
  address: repeated('RANGE', 'create, change: only from these, such as 10.0.0.0/8; likewise'),
  downloads: valued('N', 'create, change: how often it may be downloaded'),
  rate: valued('SIZE', 'create, change: bytes a second of each download, such as 2m'),
  inline: flag('create, change: browsers show the file, where they can, instead of saving it'),
  ending: repeated('.EXT', 'create, change: an upload must end so, such as .pdf; may be given several times'),
  files: valued('N', 'create, change: how many files may be uploaded'),
  bytes: valued('SIZE', 'create, change: the largest upload, such as 10m'),
  'files-expire': valued(
    'DURATION',
    'create, change: how long a file that was uploaded is good, such as 30d',
  ),
  note: valued('TEXT', 'create, change: for whoever lists the links'),
  contact: valued('TEXT', 'create, change: whom to ask when it has ended; strangers are shown it'),
};

interface TakenAway {
  readonly request: TermsRequest;
  readonly help: string;
  /** The option that gives it; absent: the one of the same name. */
  readonly givenBy?: string;
}

/** What `change --no-…` takes away, and what that asks for. */
const TAKEN_AWAY: Readonly<Record<string, TakenAway>> = {
  from: { request: { notBefore: null }, help: 'it has begun' },
  password: { request: { password: null }, help: 'it needs no password', givenBy: 'password-file' },
  recipients: { request: { recipients: [] }, help: 'for whoever has it', givenBy: 'recipient' },
  addresses: { request: { addresses: [] }, help: 'from anywhere', givenBy: 'address' },
  downloads: { request: { downloadsMax: null }, help: 'downloads without a limit' },
  rate: { request: { rateMax: null }, help: 'as fast as nginx sends' },
  endings: { request: { endings: [] }, help: 'uploads of any name', givenBy: 'ending' },
  files: { request: { filesMax: null }, help: 'any number of uploads' },
  bytes: { request: { bytesMax: null }, help: 'uploads of any size that the service takes' },
  'files-expire': { request: { filesExpireSeconds: null }, help: 'files that come from now on stay' },
};

export const takeAwayOptions: OptionSpecs = {
  attachment: flag('change: browsers save the file'),
  ...Object.fromEntries(
    Object.entries(TAKEN_AWAY).map(([name, { help }]) => [`no-${name}`, flag(`change: ${help}`)]),
  ),
};

/** Reads the password's file: before the working directory is another one. @throws UsageError */
export function requestedTerms({ options }: Invocation, now: number): TermsRequest {
  const file = textOption(options, 'password-file');
  refuseBoth(options);
  const notBefore = instantOption(options, 'from');
  const given: TermsRequest = {
    notBefore,
    expiresAt: endIn(options, Math.max(now, notBefore ?? now)),
    password: file === undefined ? undefined : passwordIn(file),
    recipients: listIn(options, 'recipient'),
    addresses: listIn(options, 'address'),
    downloadsMax: countIn(options, 'downloads'),
    rateMax: sizeIn(options, 'rate'),
    disposition: options.inline === true ? 'inline' : options.attachment === true ? 'attachment' : undefined,
    filesMax: countIn(options, 'files'),
    bytesMax: sizeIn(options, 'bytes'),
    endings: listIn(options, 'ending'),
    filesExpireSeconds: secondsIn(options, 'files-expire'),
    note: textOption(options, 'note'),
    contact: textOption(options, 'contact'),
  };
  const taken = Object.entries(TAKEN_AWAY).filter(([name]) => options[`no-${name}`] === true);
  const asked = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.assign({}, Object.fromEntries(asked), ...taken.map(([, { request }]) => request));
}

/** What a link cannot be given is wrong usage here. */
export async function asUsage<T>(making: Promise<T>): Promise<T> {
  return making.catch((error: unknown) => {
    throw error instanceof LinkProblem ? new UsageError(error.message) : error;
  });
}

function refuseBoth(options: OptionValues): void {
  const pairs = [
    ['for', 'until'],
    ['inline', 'attachment'],
    ...Object.entries(TAKEN_AWAY).map(([name, { givenBy = name }]) => [givenBy, `no-${name}`] as const),
  ] as const;
  for (const [one, other] of pairs) {
    if (options[one] === undefined || options[other] === undefined) continue;
    throw new UsageError(`--${one} and --${other} exclude each other`);
  }
}

function endIn(options: OptionValues, begin: number): number | undefined {
  const lasting = textOption(options, 'for');
  return lasting === undefined ? instantOption(options, 'until') : endOf(begin, lasting);
}

function listIn(options: OptionValues, name: string): readonly string[] | undefined {
  return options[name] === undefined ? undefined : textOptions(options, name);
}

function countIn(options: OptionValues, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} takes a whole number, not '${text}'`);
}

function secondsIn(options: OptionValues, name: string): number | undefined {
  const text = textOption(options, name);
  const lasting = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || lasting !== undefined) return lasting && lasting / 1000;
  throw new UsageError(`--${name} takes a duration such as 8h or 30d, not '${text}'`);
}

function sizeIn(options: OptionValues, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  try {
    return size(text);
  } catch (error) {
    if (error instanceof SettingProblem) throw new UsageError(`--${name} ${error.message}`);
    throw error;
  }
}

/** More than any password has. */
const PASSWORD_FILE_BYTES_MAX = 4096;
const STANDARD_INPUT = 0;

/** Without the newline that an editor or `echo` ends it with. */
function passwordIn(file: string): string {
  try {
    const text = firstBytes(file);
    return text.replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`--password-file ${file} cannot be read: ${(error as Error).message}`);
  }
}

function firstBytes(file: string): string {
  const handle = file === '-' ? STANDARD_INPUT : openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(PASSWORD_FILE_BYTES_MAX);
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(handle, bytes, filled, bytes.length - filled, null);
      if (read === 0) break;
      filled += read;
    }
    return bytes.toString('utf8', 0, filled);
  } finally {
    if (handle !== STANDARD_INPUT) closeSync(handle);
  }
}
