/** What of the configuration the rendered nginx lines depend on, the same for `up` and for `nginx`. */

import type { Config } from '../config.js';
import type { SiteOptions } from '../nginx/render.js';

export function siteOptions(
  config: Config,
): Omit<SiteOptions, 'dataFolder' | 'root' | 'partialFolder' | 'authorizers'> {
  const { mount, uploadBytesMax, proxy, corsOrigins } = config;
  const proxyHeaders = proxy && {
    user: proxy.userHeader,
    groups: proxy.groupsHeader,
    sendsSecret: proxy.proof.secret !== undefined,
  };
  return { mount, uploadBytesMax, proxyHeaders, corsOrigins };
}
