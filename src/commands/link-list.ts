import type { LinkSelection, ShareLinkStore } from '../acl/link-ports.js';
import type { ShareLinkRecord } from '../acl/share-link.js';
import { linkJson } from '../links/link-json.js';
import { linkState } from '../links/link-state.js';
import { pathArgument, userArgument } from './arguments.js';
import { DONE, flag, type Invocation, textOption, UsageError, valued } from './command.js';
import { linkTable } from './link-lines.js';
import { staleness } from './link-staleness.js';
import type { LinkVerb } from './link-verb.js';
import { withStore } from './session.js';

const PAGE = 1_000;

/** `latchkey link list`: without those that were revoked or have expired, unless they are asked for. */
export const listVerb: LinkVerb = {
  usage: 'list [--path PATH] [--by USER] [--stale | --all]',
  options: {
    path: valued('PATH', 'list: of this file, or of this folder and all below it'),
    by: valued('USER', 'list: that this user has made'),
    stale: flag('list: those that open nothing, though nobody revoked them, or that nobody uses'),
    all: flag('list: those that were revoked or have expired, too'),
  },
  takes: [0, 0],
  run: async (invocation) => {
    const { options, output } = invocation;
    const selection = selectionOf(invocation);
    if (options.stale === true && options.all === true) {
      throw new UsageError('--stale and --all exclude each other');
    }
    return withStore(invocation, async ({ shareLinks, links }) => {
      const listed = [];
      for await (const link of every(shareLinks, selection)) {
        const state = await linkState(links, link);
        const ended = state === 'revoked' || state === 'expired';
        if (options.stale === true) {
          const stale = await staleness(invocation.config, link, state, Date.now());
          if (stale !== undefined) listed.push({ link, state, word: stale, stale });
        } else if (options.all === true || !ended) listed.push({ link, state, word: state });
      }
      output.result(
        {
          links: listed.map(({ link, state, word: _, ...stale }) => ({ ...linkJson(link, state), ...stale })),
        },
        listed.length > 0 ? linkTable(listed) : ['There is no such link.'],
      );
      return DONE;
    });
  },
};

function selectionOf({ options }: Invocation): Omit<LinkSelection, 'max'> {
  const path = textOption(options, 'path');
  const by = textOption(options, 'by');
  return {
    ...(path !== undefined && { path: pathArgument(path) }),
    ...(by !== undefined && { maker: userArgument(by) }),
  };
}

async function* every(
  links: ShareLinkStore,
  selection: Omit<LinkSelection, 'max'>,
): AsyncGenerator<ShareLinkRecord> {
  let page: readonly ShareLinkRecord[] = [];
  do {
    const after = page.at(-1)?.id;
    page = await links.links({ ...selection, ...(after !== undefined && { after }), max: PAGE });
    yield* page;
  } while (page.length === PAGE);
}
