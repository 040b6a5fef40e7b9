/** The OpenAPI document of the files service, with the URLs that a client sees rather than nginx's. */

import { DOWNLOAD_PREFIX } from './download-route.js';
import { SHARE_PREFIX } from './shares/address.js';
import { WRITE_PREFIX } from './write-routes.js';

export function publicDocument(mount: string) {
  return {
    openapi: {
      openapi: '3.1.0' as const,
      info: {
        title: 'Latchkey',
        description:
          "Private files for nginx. An error of the files service is application/problem+json; a refusal below the mount is nginx's own.",
        version: '1',
      },
      components: {
        securitySchemes: { accessToken: { type: 'http' as const, scheme: 'bearer', bearerFormat: 'JWT' } },
      },
      security: [{ accessToken: [] }],
    },
    transform: <S>({ schema, url }: { schema: S; url: string }) => ({ schema, url: publicUrl(url, mount) }),
  };
}

function publicUrl(url: string, mount: string): string {
  if (url === WRITE_PREFIX) return `${mount}{path}`;
  if (url === SHARE_PREFIX) return `${SHARE_PREFIX}/{token}/{path}`;
  return url === DOWNLOAD_PREFIX ? `${DOWNLOAD_PREFIX}/{path}` : url;
}
