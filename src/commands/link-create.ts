import { formatInstant } from '../acl/instant.js';
import { isFolder, type ResourcePath } from '../acl/resource-path.js';
import { storageRootOf } from '../assembly/foundations.js';
import { linkJson } from '../links/link-json.js';
import { linkState } from '../links/link-state.js';
import { newLink, OPERATOR } from '../links/new-link.js';
import { shareUrl } from '../links/share-url.js';
import { pathArgument } from './arguments.js';
import { DONE, flag, type Invocation } from './command.js';
import { warnOfFolder } from './folder-warning.js';
import { asUsage, requestedTerms, termOptions } from './link-options.js';
import type { LinkVerb } from './link-verb.js';
import { withStore } from './session.js';

/** `latchkey link create`: the URL on standard output, this once. */
export const createVerb: LinkVerb = {
  usage: 'create PATH [--upload] [OPTION]…',
  options: { upload: flag('create: a link that takes files into the folder PATH'), ...termOptions },
  takes: [1, 1],
  run: async (invocation, [subject]) => {
    const { config, options, output } = invocation;
    const path = pathArgument(subject);
    const now = Date.now();
    const kind = options.upload === true ? 'upload' : 'read';
    const request = { path, kind, authority: OPERATOR, terms: requestedTerms(invocation, now) } as const;
    const { link, token } = await asUsage(newLink(request, { lifetime: config.links, now }));
    return withStore(invocation, async ({ shareLinks, links }) => {
      const { revision } = await shareLinks.addLink(link);
      const site = { publicUrl: config.visitor.publicUrl, prefix: config.links.prefix };
      const url = shareUrl(site, token, path);
      output.result({ url, ...linkJson(link, await linkState(links, link)), revision }, [url]);
      const until = formatInstant(link.terms.expiresAt);
      if (!output.json)
        output.note(`link ${link.id}: ${kind} ${path} until ${until}; its URL is shown this once`);
      await warnOfFolder(invocation, path);
      // What is sent makes the folder.
      if (kind === 'read') await warnOfMissing(invocation, path);
      return DONE;
    });
  },
};

async function warnOfMissing({ config, output }: Invocation, path: ResourcePath): Promise<void> {
  if ((await storageRootOf(config).find(path)) !== undefined) return;
  const what = isFolder(path) ? 'folder' : 'file';
  output.note(`there is no ${what} ${path}: the link opens nothing until there is`);
}
