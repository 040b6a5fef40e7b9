/**
 * Where everything is put together: from a Config to the parts of each role. The working directory is the data
 * folder already. Nothing here decides anything.
 */

import { resolve } from 'node:path';
import { Authorizer } from './acl/authorizer.js';
import type { Policy } from './acl/policy.js';
import type { FactsSource, Store } from './acl/ports.js';
import type { Config } from './config.js';
import { AccessTokens, type VerifyToken } from './credentials/access-token.js';
import { Credentials } from './credentials/credential.js';
import type { TokenKey } from './credentials/token-key.js';
import { loadOrMakeSecret } from './host/secret.js';
import { buildAuthorizerApp } from './http/authorizer-app.js';
import { buildFilesApp } from './http/files-app.js';
import type { Logger } from './http/server-options.js';
import { CachedReader } from './storage/cached-reader.js';
import { SharedCheck, TURN_CONNECTIONS_MAX } from './storage/shared-check.js';
import { openSqliteFacts, openSqliteStore } from './storage/sqlite/open.js';
import { type ProcessLock, takeLock } from './storage/sqlite/process-lock.js';
import { Committer } from './uploads/committer.js';
import { type Recovered, recover } from './uploads/recovery.js';
import { StorageRoot } from './uploads/storage-root.js';

const clock = () => Date.now();

export function policyOf(config: Config): Policy {
  return { administrators: new Set(config.administrators), home: config.home };
}

export function tokenKeyOf(config: Config): TokenKey {
  return {
    algorithm: 'HS256',
    secret: config.jwtSecret ?? loadOrMakeSecret(),
    issuers: config.jwtIssuers,
    audiences: config.jwtAudiences,
  };
}

/** The kinds of credential, in their order of precedence (DESIGN §7). */
function credentialsOf(config: Config) {
  return (verify: VerifyToken) =>
    new Credentials([
      new AccessTokens({
        verify,
        cookieName: config.tokenCookie,
        groupsClaim: config.groupsClaim,
        clock,
      }),
    ]);
}

export function openStore(config: Config): Store {
  try {
    return openSqliteStore(config.databaseFile);
  } catch (error) {
    throw notOpened(config, error as Error);
  }
}

/** The driver's own message names no file. */
function notOpened({ databaseFile }: Config, cause: Error): Error {
  return new Error(`the database ${resolve(databaseFile)} cannot be opened: ${cause.message}`, { cause });
}

export function authorizerOver(facts: FactsSource, config: Config): Authorizer {
  return new Authorizer(new CachedReader(facts, { bytesMax: config.cacheBytesMax }), policyOf(config), clock);
}

export async function openAuthorizerApp(config: Config, logger: Logger) {
  const facts = await openSqliteFacts(config.databaseFile).catch((error: Error) => {
    throw notOpened(config, error);
  });
  const shared = new SharedCheck(facts);
  const app = await buildAuthorizerApp({
    authorizer: authorizerOver(shared, config),
    turn: {
      begin: () => shared.begin(),
      end: () => shared.end(),
      connectionsMax: TURN_CONNECTIONS_MAX,
    },
    tokenKey: tokenKeyOf(config),
    credentials: credentialsOf(config),
    mount: config.mount,
    checkReady: () => void facts.version(),
    logger,
  });
  app.addHook('onClose', async () => facts.close());
  return app;
}

export function storageRootOf(config: Config): StorageRoot {
  return new StorageRoot(config);
}

/** Two of them would drop each other's partials at their start, and lock paths without knowing of each other. */
const FILES_LOCK = 'run/files.lock';

/** Finishes first what a crash left; nothing may listen before that. @throws when another one works here */
export async function openFilesApp(config: Config, logger: Logger) {
  const lock = takeLock(FILES_LOCK);
  if (lock === undefined) {
    throw new Error(`another files service already works in ${config.dataFolder}; stop it first`);
  }
  try {
    return await openLockedFilesApp(config, logger, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function openLockedFilesApp(config: Config, logger: Logger, lock: ProcessLock) {
  const store = openStore(config);
  try {
    const root = storageRootOf(config);
    await root.prepare();
    const recovered = await recover(store.files, root);
    const app = await buildFilesApp({
      authorizer: authorizerOver(store.facts, config),
      tokenKey: tokenKeyOf(config),
      credentials: credentialsOf(config),
      acl: store.acl,
      root,
      committer: new Committer({ root, files: store.files, clock }),
      mount: config.mount,
      uploadBytesMax: config.uploadBytesMax,
      formFilesMax: config.formFilesMax,
      download: config.download,
      checkReady: () => void store.facts.version(),
      logger,
    });
    app.addHook('onClose', async () => {
      await store.close();
      lock.release();
    });
    report(recovered, app.log);
    return app;
  } catch (error) {
    await store.close();
    throw error;
  }
}

type Log = Awaited<ReturnType<typeof buildFilesApp>>['log'];

function report({ stuck, ...counts }: Recovered, log: Log): void {
  if (Object.values(counts).some((count) => count > 0)) {
    log.warn(counts, 'finished what an earlier stop had left');
  }
  for (const { what, cause } of stuck) {
    const why = cause instanceof Error ? cause.message : String(cause);
    log.error(
      { what, err: cause },
      `${what} cannot be finished and is left as it is: ${why}; mend it, then restart`,
    );
  }
  if (stuck.length > 0) log.error({ stuck: stuck.length }, 'left unfinished what the lines above name');
}
