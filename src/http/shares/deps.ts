/** What the routes of share links are given. */

import type { Authorizer } from '../../acl/authorizer.js';
import type { LinkCountStore } from '../../acl/link-ports.js';
import type { DownloadSettings, VisitorSettings } from '../../config.js';
import type { PasswordAttempts } from '../../links/password-attempts.js';
import type { ShareCookies } from '../../links/share-cookie.js';
import type { ShareLinks } from '../../links/share-links.js';
import type { Tickets } from '../../links/ticket.js';
import type { StorageRoot } from '../../uploads/storage-root.js';
import type { Gate } from '../gate.js';

export interface ShareParts {
  readonly attempts: PasswordAttempts;
  readonly counts: LinkCountStore;
  /** How long a download that has begun may be gone on with. */
  readonly leaseMs: number;
  /** Told each time that a link has opened something. */
  readonly onUse: (linkId: string, at: number) => void;
}

/** Whoever opened it closes it. */
export interface OpenedShare extends ShareParts {
  close(): Promise<void>;
}

/** @param onProblem told, for the log, what could not be noted */
export type OpenShare = (onProblem: (message: string) => void) => OpenedShare;

export interface ShareDeps extends ShareParts {
  readonly gate: Gate;
  readonly links: ShareLinks;
  readonly shareCookies: ShareCookies;
  readonly tickets: Tickets;
  readonly authorizer: Authorizer;
  readonly visitor: VisitorSettings;
  readonly root: StorageRoot;
  readonly mount: string;
  readonly download: DownloadSettings;
  /** UTC milliseconds. */
  readonly clock: () => number;
}
