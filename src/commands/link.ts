import { linkKeysOf } from '../foundations.js';
import { enterDataFolder } from '../host/data-folder.js';
import { isLinkId, linkIdOfUrl } from '../links/signed-url.js';
import { signedPath } from '../links/url-signer.js';
import { endOf, pathArgument } from './arguments.js';
import {
  type Command,
  DONE,
  type ExitCode,
  type Invocation,
  textOption,
  UsageError,
  valued,
} from './command.js';
import { withStore } from './session.js';

const USAGE =
  'sign PATH [--for 1h] [--folder PATH] [--id ID] | revoke ID|URL | revoke --path PATH | revoke --key KEY-ID';
const LASTING = '1h';

export const command: Command = {
  usage: USAGE,
  summary: 'Signed URLs: links that any back end computes with a key, and that can be taken back.',
  details: [
    'sign prints a URL, path and query, that opens a file for whoever has it, until it ends or is revoked.',
    'revoke ends one link, or with --path every link of a file or folder that there is (it prints the number that',
    'signers must give from now on), or with --key all that a key has signed up to now. It is in force when the',
    'command returns. docs/links.md has signers for other languages.',
  ],
  options: {
    for: valued('DURATION', `how long it is good, such as 90s, 30m, 8h or 7d; default ${LASTING}`),
    folder: valued('PATH', 'a folder above the file: the same token then opens all below it'),
    id: valued('ID', 'by which the link can be revoked; drawn at random where it is not given'),
    path: valued('PATH', 'revoke: every link of this file or folder'),
    key: valued('KEY-ID', 'revoke: everything that this key has signed up to now'),
  },
  takes: [1, 2],
  run: async (invocation) => {
    const [verb, subject, ...rest] = invocation.positionals;
    if (verb === 'sign' && subject !== undefined && rest.length === 0) return sign(invocation, subject);
    if (verb === 'revoke') return revoke(invocation, subject);
    throw new UsageError(`the usage is: latchkey link ${USAGE}`);
  },
};

async function sign({ options, config, output }: Invocation, subject: string): Promise<ExitCode> {
  const path = pathArgument(subject);
  const now = Date.now();
  const expiresAt = endOf(now, textOption(options, 'for') ?? LASTING);
  const seconds = Math.floor((expiresAt - now) / 1000);
  if (seconds > config.linkSecondsMax) {
    throw new UsageError(
      `--for: a link may live ${config.linkSecondsMax} seconds at most (LATCHKEY_LINK_SECONDS_MAX)`,
    );
  }
  const id = textOption(options, 'id') ?? newLinkId();
  if (!isLinkId(id)) throw new UsageError(`--id takes up to 64 letters, digits, '_' and '-', not '${id}'`);
  const folder = textOption(options, 'folder');
  const covered = folder === undefined ? path : folderArgument(folder, path);
  return withStore({ options, config, output }, async ({ signedUrls }) => {
    const [key] = linkKeysOf(config);
    if (key === undefined) throw new UsageError('there is no key that signs links');
    const generation = await signedUrls.generation(covered);
    const given = { ...key, path, seconds, id, generation, mount: config.mount, now };
    const url = signedPath(folder === undefined ? given : { ...given, folder: covered });
    const expires = new Date((Math.floor(now / 1000) + seconds) * 1000).toISOString();
    output.result({ url, id, keyId: key.keyId, covers: covered, expiresAt: expires }, [url]);
    return DONE;
  });
}
