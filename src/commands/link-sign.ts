import { formatInstant } from '../acl/instant.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { linkKeysOf } from '../assembly/secrets.js';
import { signedCookie } from '../links/signed-cookie.js';
import { isLinkId, type LinkKey, newLinkId, type SignedUrlClaims, signUrl } from '../links/signed-url.js';
import { signedPathOf } from '../links/url-signer.js';
import { endOf, pathArgument } from './arguments.js';
import {
  DONE,
  type ExitCode,
  flag,
  type Invocation,
  type OptionSpecs,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { warnOfFolder } from './folder-warning.js';
import { withStore } from './session.js';

const LASTING = '1h';

export const SIGN_USAGE = 'sign PATH';

export const signOptions: OptionSpecs = {
  folder: valued('PATH', 'sign: a folder above the file; the same token then opens all below it'),
  id: valued('ID', 'sign: by which the link can be revoked; drawn at random where it is not given'),
  cookie: flag('sign: print it as the value of a Set-Cookie header, for the folder that it opens'),
};

/** `latchkey link sign`: a URL, path and query, that nobody stores. */
export async function sign(invocation: Invocation, subject: string): Promise<ExitCode> {
  const { config, options, output } = invocation;
  const path = pathArgument(subject);
  const covers = coveredBy(path, textOption(options, 'folder'));
  const id = textOption(options, 'id') ?? newLinkId();
  if (!isLinkId(id)) throw new UsageError(`--id takes up to 64 letters, digits, '_' and '-', not '${id}'`);
  const now = Date.now();
  const issuedAt = Math.floor(now / 1000);
  const seconds = lifetime(now, textOption(options, 'for') ?? LASTING, config.links.signedUrlSecondsMax);
  return withStore(invocation, async ({ signedUrls }) => {
    const [key] = linkKeysOf(config);
    const generation = await signedUrls.generation(covers);
    const times = { issuedAt, expiresAt: issuedAt + seconds };
    const claims: SignedUrlClaims = { keyId: (key as LinkKey).id, path: covers, ...times, id, generation };
    const token = signUrl((key as LinkKey).secret, claims);
    const site = config.visitor.publicUrl ?? '';
    const url = site + signedPathOf(path, token, config.mount);
    const cookie = signedCookie(token, claims, {
      mount: config.mount,
      isSecure: site.startsWith('https:'),
      now,
    });
    const expiresAt = formatInstant(claims.expiresAt * 1000);
    output.result({ url, cookie, id, keyId: claims.keyId, covers, expiresAt }, [
      options.cookie === true ? cookie : url,
    ]);
    if (!output.json && isFolder(path) && options.cookie !== true) {
      output.note('put the name of a file before the ?');
    }
    await warnOfFolder(invocation, path);
    return DONE;
  });
}

function coveredBy(path: ResourcePath, folder: string | undefined): ResourcePath {
  if (folder === undefined) return path;
  const covered = pathArgument(folder);
  if (isFolder(covered) && path.startsWith(covered)) return covered;
  throw new UsageError(`--folder takes a folder above ${path}, such as /team/, not '${folder}'`);
}

/** In seconds, as signed URLs count. */
function lifetime(now: number, lasting: string, secondsMax: number): number {
  const seconds = Math.floor((endOf(now, lasting) - now) / 1000);
  if (seconds <= secondsMax) return seconds;
  throw new UsageError(
    `--for ${lasting} is longer than a signed URL may live: ${secondsMax} s (LATCHKEY_SIGNED_URL_LIFETIME_MAX)`,
  );
}
