import { formatInstant } from '../acl/instant.js';
import {
  changeSecrets,
  KEY_FILES_POLL_MS,
  linkKeysOf,
  signingSecretsOf,
  usesDataSecret,
} from '../assembly/secrets.js';
import type { Config } from '../config.js';
import { freshSecret, madeAt } from '../credentials/secret-rotation.js';
import { SECRETS_MAX, type SigningSecret } from '../credentials/secret-text.js';
import { enterDataFolder } from '../host/data-folder.js';
import type { SecretFile } from '../host/secret.js';
import {
  type Command,
  DONE,
  type ExitCode,
  flag,
  type Invocation,
  RefusedError,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { table } from './table.js';

const USAGE = 'rotate [--keep N] | list | drop KEY-ID | drop --unnamed; of links: with --links';
const KEPT = 1;
const FOREIGN_SECRETS =
  "the data folder's secret is not in force: access tokens are signed with another one, or by somebody else (LATCHKEY_JWT_SECRET, LATCHKEY_JWT_PEM_FILE, LATCHKEY_JWKS_FILE, LATCHKEY_JWKS_URL or LATCHKEY_OIDC_ISSUER); change it there";
const FOREIGN_LINK_KEYS =
  "the data folder's keys are not in force: links are signed with those of LATCHKEY_LINK_SECRET; change them there";
const NOTICED = `Services that run notice it within ${KEY_FILES_POLL_MS / 1000} s.`;

/** Whose secrets: what they sign is named in what is said. */
interface Kind {
  readonly file: SecretFile;
  /** What names it on the command line. */
  readonly option: '' | ' --links';
  readonly signed: 'tokens' | 'links';
  readonly secretsOf: (config: Config) => readonly SigningSecret[];
}

const TOKENS: Kind = { file: 'secret', option: '', signed: 'tokens', secretsOf: signingSecretsOf };
const LINKS: Kind = { file: 'link-secret', option: ' --links', signed: 'links', secretsOf: linkKeysOf };

export const command: Command = {
  usage: USAGE,
  summary: "The secrets of access tokens, in the data folder's file 'secret'. None is ever printed.",
  details: [
    'rotate  signs new tokens with a new secret. Those of the one before go on, until it is dropped',
    'list    key ids, newest first, and when each was made where that is known; the first one signs',
    "drop    ends every token of a secret; 'rotate --keep 0' ends those of all but the new one",
    "--links does the same with the keys of links, in the file 'link-secret'.",
    '',
    `${NOTICED} They need no restart.`,
  ],
  options: {
    keep: valued('N', `with rotate: how many of the secrets before go on; default ${KEPT}`),
    unnamed: flag('with drop: the secret without a key id, which is the first that was made'),
    links: flag('the keys of signed URLs, rather than the secrets of access tokens'),
  },
  takes: [1, 2],
  run: async (invocation) => {
    const [verb, keyId] = invocation.positionals;
    const keep = textOption(invocation.options, 'keep');
    const unnamed = invocation.options.unnamed === true;
    const kind = invocation.options.links === true ? LINKS : TOKENS;
    const work = workOf(verb, keyId, keep, unnamed);
    refuseForeign(kind, invocation.config);
    enterDataFolder(invocation.config, invocation.output.note);
    return work(kind, invocation);
  },
};

function refuseForeign(kind: Kind, { links, tokens }: Config): void {
  if (kind === LINKS && links.keys !== undefined) throw new UsageError(FOREIGN_LINK_KEYS);
  if (kind === TOKENS && !usesDataSecret(tokens)) throw new UsageError(FOREIGN_SECRETS);
}

type Work = (kind: Kind, on: Invocation) => ExitCode;

/** @throws UsageError, before anything is made */
function workOf(verb = '', keyId?: string, keep?: string, unnamed = false): Work {
  const named = keyId !== undefined;
  if (verb === 'rotate' && !named && !unnamed) {
    const kept = keepOption(keep);
    return (kind, on) => rotate(kind, on, kept);
  }
  if (verb === 'list' && !named && !unnamed && keep === undefined) return list;
  if (verb === 'drop' && named !== unnamed && keep === undefined) return (kind, on) => drop(kind, on, keyId);
  throw new UsageError(`the usage is: latchkey secret ${USAGE}`);
}

function keepOption(text = String(KEPT)): number {
  const keep = /^\d{1,2}$/.test(text) ? Number(text) : SECRETS_MAX;
  if (keep < SECRETS_MAX) return keep;
  throw new UsageError(`--keep takes a whole number from 0 to ${SECRETS_MAX - 1}, not '${text}'`);
}

function rotate({ file, signed }: Kind, { output }: Invocation, keep: number): ExitCode {
  const fresh = freshSecret(Date.now());
  const { before, after } = changeSecrets(file, (now) => [fresh, ...now.slice(0, keep)]);
  const dropped = before.slice(keep);
  output.result({ signs: fresh.id, dropped: dropped.map(idOf), secrets: after.map(shown) }, [
    `rotated: new ${signed} are signed with ${fresh.id}`,
    ...before.slice(0, keep).map((secret) => `${signed} of ${nameOf(secret)} go on`),
    ...dropped.map((secret) => `dropped: ${nameOf(secret)}; its ${signed} have ended`),
    NOTICED,
  ]);
  return DONE;
}

function list({ secretsOf }: Kind, { config, output }: Invocation): ExitCode {
  const secrets = secretsOf(config);
  const rows = secrets.map((secret, i) => {
    const at = madeAt(secret.id);
    return [
      nameOf(secret),
      at === undefined ? 'not known' : formatInstant(at),
      i === 0 ? 'signs and verifies' : 'verifies',
    ];
  });
  output.result({ secrets: secrets.map(shown) }, table(['key id', 'made', 'use'], rows));
  return DONE;
}

function drop({ file, option, signed }: Kind, { output }: Invocation, keyId: string | undefined): ExitCode {
  const { after } = changeSecrets(file, (now) => {
    const found = now.find(({ id }) => id === keyId);
    if (found === undefined) {
      const which = keyId === undefined ? 'without a key id' : `with the key id '${keyId}'`;
      throw new RefusedError(`there is no secret ${which}: 'latchkey secret list${option}' names them`);
    }
    if (found === now[0]) {
      throw new RefusedError(
        `${nameOf(found)} signs new ${signed}: run 'latchkey secret rotate${option}' first`,
      );
    }
    return now.filter((secret) => secret !== found);
  });
  output.result({ dropped: keyId ?? null, secrets: after.map(shown) }, [
    `dropped: ${keyId ?? UNNAMED}; its ${signed} have ended`,
    NOTICED,
  ]);
  return DONE;
}

const UNNAMED = '(unnamed)';

function nameOf({ id }: SigningSecret): string {
  return id ?? UNNAMED;
}

function idOf({ id }: SigningSecret): string | null {
  return id ?? null;
}

/** All of a secret that may be seen. */
function shown(secret: SigningSecret) {
  const at = madeAt(secret.id);
  return { id: idOf(secret), madeAt: at === undefined ? null : formatInstant(at) };
}
