import { linkJson } from '../links/link-json.js';
import { linkState } from '../links/link-state.js';
import { DONE } from './command.js';
import { linkLines } from './link-lines.js';
import { foundLink, type LinkVerb } from './link-verb.js';
import { withStore } from './session.js';

/** `latchkey link show`: everything but the token, which nobody has kept. */
export const showVerb: LinkVerb = {
  usage: 'show ID|URL',
  options: {},
  takes: [1, 1],
  run: async (invocation, [subject = '']) =>
    withStore(invocation, async ({ shareLinks, links }) => {
      const link = await foundLink(shareLinks, subject);
      const state = await linkState(links, link);
      invocation.output.result(linkJson(link, state), linkLines({ link, word: state }));
      return DONE;
    }),
};
