/** The URL of a share link, as it is told to whoever made it. */

import { encodeResourcePath, isFolder, nameOf, type ResourcePath } from '../acl/resource-path.js';

export interface ShareSite {
  /** Scheme and host; `undefined`: not configured, and the URL is told from its path on. */
  readonly publicUrl: string | undefined;
  /** `/s/`, or another one that nginx rewrites to `/_latchkey/s/`. */
  readonly prefix: string;
}

/** `https://site/s/TOKEN/plan.pdf`; of a folder, `https://site/s/TOKEN/`. */
export function shareUrl({ publicUrl = '', prefix }: ShareSite, token: string, path: ResourcePath): string {
  return `${publicUrl}${prefix}${token}/${isFolder(path) ? '' : encodeResourcePath(nameOf(path))}`;
}
