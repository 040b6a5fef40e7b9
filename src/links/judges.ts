/** The judges of links, as the services are given them. */

import type { SignedUrls } from './signed-urls.js';
import type { Tickets } from './ticket.js';

/** Whoever opened them closes them. */
export interface LinkJudges {
  readonly signedUrls: SignedUrls;
  readonly tickets: Tickets;
  close(): void;
}

/** @param onProblem told, for the log, why the keys stay as they were */
export type OpenLinkJudges = (onProblem: (message: string) => void) => LinkJudges;
