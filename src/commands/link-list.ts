import type { LinkSelection, ShareLinkStore } from '../acl/link-ports.js';
import type { ShareLinkRecord } from '../acl/share-link.js';
import { linkJson } from '../links/link-json.js';
import { linkState } from '../links/link-state.js';
import { pathArgument, userArgument } from './arguments.js';
import { DONE, flag, type Invocation, textOption, UsageError, valued } from './command.js';
import { type ListedLink, linkTable } from './link-lines.js';
import { staleness } from './link-staleness.js';
import type { LinkVerb } from './link-verb.js';
import { type Session, withStore } from './session.js';

const PAGE = 1_000;
/** Links of one list, which is one text. */
const LISTED_MAX = 10_000;

/** `latchkey link list`: without those that were revoked or have expired, unless they are asked for. */
export const listVerb: LinkVerb = {
  usage: 'list [--path PATH] [--by USER] [--after ID] [--stale | --all]',
  options: {
    after: valued('ID', 'list: only those behind this one, where a longer list was cut'),
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
    return withStore(invocation, async (session) => {
      const listed: Listed[] = [];
      let next: string | undefined;
      for await (const link of every(session.shareLinks, selection)) {
        const one = await asListed(invocation, session, link);
        if (one !== undefined) listed.push(one);
        if (listed.length < LISTED_MAX) continue;
        next = link.id;
        break;
      }
      output.result(
        { links: listed.map(({ json }) => json), ...(next !== undefined && { next }) },
        listed.length > 0 ? linkTable(listed) : ['There is no such link.'],
      );
      if (next !== undefined) output.note(`there may be more; go on with --after ${next}`);
      return DONE;
    });
  },
};

interface Listed extends ListedLink {
  readonly json: object;
}

/** `undefined`: it is not among those that were asked for. */
async function asListed(
  { config, options }: Invocation,
  { links }: Session,
  link: ShareLinkRecord,
): Promise<Listed | undefined> {
  const state = await linkState(links, link);
  const json = linkJson(link, state);
  if (options.stale === true) {
    const stale = await staleness(config, link, state, Date.now());
    return stale === undefined ? undefined : { link, word: stale, json: { ...json, stale } };
  }
  const isOver = state === 'revoked' || state === 'expired';
  return isOver && options.all !== true ? undefined : { link, word: state, json };
}

function selectionOf({ options }: Invocation): Omit<LinkSelection, 'max'> {
  const path = textOption(options, 'path');
  const by = textOption(options, 'by');
  const after = textOption(options, 'after');
  return {
    ...(path !== undefined && { path: pathArgument(path) }),
    ...(by !== undefined && { maker: userArgument(by) }),
    ...(after !== undefined && { after }),
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
