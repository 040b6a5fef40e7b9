import { formatInstant } from '../acl/instant.js';
import { revokeSignedUrl, revokeSignedUrlsOf } from '../links/revoke-signed.js';
import { idOfToken, isLinkId, tokenInQuery } from '../links/signed-url.js';
import { pathArgument } from './arguments.js';
import {
  DONE,
  type ExitCode,
  type Invocation,
  type OptionSpecs,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { resultInForce } from './in-force.js';
import { withoutSecrets } from './link-verb.js';
import { withStore } from './session.js';

export const REVOKE_SIGNED_USAGE = 'revoke --signed ID|URL | revoke --signed-path PATH | revoke --key ID';

export const revokeSignedOptions: OptionSpecs = {
  signed: valued('ID|URL', 'revoke: one signed URL'),
  'signed-path': valued('PATH', 'revoke: every signed URL of this file or folder that there is'),
  key: valued('KEY-ID', 'revoke: all signed URLs that a key has made up to now'),
};

/** `latchkey link revoke` of signed URLs, by what they have in common; in force when it returns. */
export async function revokeSigned(invocation: Invocation): Promise<ExitCode> {
  const [one, path, key] = ['signed', 'signed-path', 'key'].map((name) =>
    textOption(invocation.options, name),
  );
  if ([one, path, key].filter((given) => given !== undefined).length !== 1) {
    throw new UsageError('name one of --signed, --signed-path and --key');
  }
  if (one !== undefined) return revokeOne(invocation, linkIdOf(one));
  return path === undefined ? revokeKey(invocation, key ?? '') : revokePath(invocation, path);
}

async function revokeOne(invocation: Invocation, id: string): Promise<ExitCode> {
  return withStore(invocation, async (session) => {
    const { signedUrls } = session;
    const { signedUrlSecondsMax } = invocation.config.links;
    const { revision } = await revokeSignedUrl(signedUrls, id, signedUrlSecondsMax, Date.now());
    await resultInForce(invocation, session, { id, revision }, [`revoked: signed URLs of the id ${id}`]);
    return DONE;
  });
}

async function revokePath(invocation: Invocation, text: string): Promise<ExitCode> {
  const path = pathArgument(text);
  return withStore(invocation, async (session) => {
    const { signedUrls } = session;
    const { value: generation, revision } = await signedUrls.raiseGeneration(path);
    await resultInForce(invocation, session, { path, generation, revision }, [
      `revoked: every signed URL of ${path}; those signed with the generation ${generation} open it from now on`,
    ]);
    return DONE;
  });
}

async function revokeKey(invocation: Invocation, keyId: string): Promise<ExitCode> {
  if (!isLinkId(keyId)) throw new UsageError(`--key takes a key's id, not '${keyId}'`);
  return withStore(invocation, async (session) => {
    const { signedUrls } = session;
    const { revision, ...more } = await revokeSignedUrlsOf(signedUrls, keyId, Date.now());
    const countsAgainFrom = formatInstant(more.countsAgainFrom);
    await resultInForce(invocation, session, { keyId, countsAgainFrom, revision }, [
      `revoked: all that the key ${keyId} has signed; what it signs from ${countsAgainFrom} on counts`,
      "(for a key that somebody else knows: 'latchkey secret drop --links')",
    ]);
    return DONE;
  });
}

/** An id as it is, or that of a URL, a query or a token, of which no more is believed than that. */
function linkIdOf(text: string): string {
  if (isLinkId(text)) return text;
  const token = tokenInQuery(text.slice(text.indexOf('?') + 1)) ?? text;
  const id = idOfToken(token);
  if (id !== undefined) return id;
  throw new UsageError(`--signed takes the id of a signed URL, or the URL, not '${withoutSecrets(text)}'`);
}
