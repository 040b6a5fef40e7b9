/**
 * The secrets that sign, from a Config: those of access tokens and those of links. Each kind is the operator's, by a
 * setting, or the data folder's own, in a file that is made when it is first needed. The working directory is the
 * data folder already.
 */

import { randomBytes } from 'node:crypto';
import type { Config, TokenSettings } from '../config.js';
import { freshSecret } from '../credentials/secret-rotation.js';
import { formatSecrets, KeyProblem, parseSecrets, type SigningSecret } from '../credentials/secret-text.js';
import { loadOrMakeSecret, readSecret, replaceSecret, type SecretFile } from '../host/secret.js';
import type { LinkKey } from '../links/signed-url.js';
import { takeLock } from '../storage/sqlite/process-lock.js';

/** How often the files of keys are looked at: a key that was taken out is refused after this at the latest. */
export const KEY_FILES_POLL_MS = 1_000;

const TOKEN_SECRET_BYTES = 32;

const FRESH: Readonly<Record<SecretFile, () => string>> = {
  // Without a key id: what others sign with it needs none.
  secret: () => randomBytes(TOKEN_SECRET_BYTES).toString('hex'),
  // A link names its key.
  'link-secret': () => formatSecrets([freshSecret(Date.now())]),
};

/**
 * The secrets that sign access tokens, the first of them now. None where the keys are somebody else's: a secret
 * that nobody thought of must not open what an issuer guards.
 */
export function signingSecretsOf({ tokens }: Config): readonly SigningSecret[] {
  if (tokens.secrets !== undefined) return tokens.secrets;
  return usesDataSecret(tokens) ? loadOrMake('secret') : [];
}

/** The same for a service that runs: where its file is gone, no other one is made. @throws KeyProblem */
export function currentSecretsOf({ tokens }: Config): readonly SigningSecret[] {
  if (tokens.secrets !== undefined) return tokens.secrets;
  return usesDataSecret(tokens) ? current('secret') : [];
}

export function usesDataSecret(tokens: TokenSettings): boolean {
  const others = [tokens.secrets, tokens.pemFile, tokens.jwksFile, tokens.jwksUrl, tokens.oidcIssuer];
  return others.every((source) => source === undefined);
}

/** The keys of links; the first one signs. */
export function linkKeysOf({ links }: Config): readonly LinkKey[] {
  return links.keys ?? asLinkKeys(loadOrMake('link-secret'));
}

/** The same for a service that runs: where its file is gone, no other one is made. @throws KeyProblem */
export function currentLinkKeysOf({ links }: Config): readonly LinkKey[] {
  return links.keys ?? asLinkKeys(current('link-secret'));
}

function asLinkKeys(secrets: readonly SigningSecret[]): readonly LinkKey[] {
  return secrets.map(({ id, secret }) => {
    if (id === undefined) throw new KeyProblem("the file 'link-secret' has a secret without a key id");
    return { id, secret };
  });
}

function loadOrMake(file: SecretFile): readonly SigningSecret[] {
  return parsed(file, loadOrMakeSecret(file, FRESH[file]));
}

function current(file: SecretFile): readonly SigningSecret[] {
  const found = readSecret(file);
  if (found === undefined) throw new KeyProblem(`the file '${file}' in the data folder is gone`);
  return parsed(file, found);
}

function parsed(file: SecretFile, text: string): readonly SigningSecret[] {
  try {
    return parseSecrets(text);
  } catch (error) {
    throw new KeyProblem(`the file '${file}' in the data folder ${(error as Error).message}`);
  }
}

const SECRET_LOCK = 'run/secret.lock';

/** Exchanges a file's secrets, one change at a time: of two at once, one's new secret would be lost. */
export function changeSecrets(
  file: SecretFile,
  change: (now: readonly SigningSecret[]) => readonly SigningSecret[],
) {
  const lock = takeLock(SECRET_LOCK);
  if (lock === undefined) throw new Error('the secrets are being changed by another command; try again');
  try {
    const before = loadOrMake(file);
    const after = change(before);
    replaceSecret(file, formatSecrets(after));
    return { before, after };
  } finally {
    lock.release();
  }
}
