/** The limits of both services' HTTP servers, each said once. */

import { type FastifyServerOptions, LogController } from 'fastify';

/**
 * nginx takes a request line of 8 KiB; bytes outside ASCII triple when it re-escapes them, and cookies and
 * tokens come on top. Node's own 16 KiB would turn a stranger's long name into a 5xx.
 */
const HEADER_BYTES_MAX = 64 * 1024;

/** The body of an API call. Uploads have a limit of their own. */
export const API_BODY_BYTES_MAX = 1024 * 1024;

/** nginx's number of the request: its access log has it, the page that a visitor sees, and our logs. */
export const REQUEST_ID_HEADER = 'x-latchkey-request-id';

/** As `strict-schema.ts` says. Fastify's own are lenient: they remove what a closed schema does not know, and coerce types. */
const STRICT_VALIDATION = {
  removeAdditional: false,
  coerceTypes: false,
  useDefaults: false,
  // The first problem is told; collecting all of them would let a stranger make us work.
  allErrors: false,
} as const;

export type Logger = NonNullable<FastifyServerOptions['logger']>;

export function serverOptions(logger: Logger) {
  return {
    logger,
    requestIdHeader: REQUEST_ID_HEADER,
    // nginx logs each request, with the decision. Here only what goes wrong is worth a line.
    logController: new LogController({ disableRequestLogging: true }),
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    bodyLimit: API_BODY_BYTES_MAX,
    ajv: { customOptions: STRICT_VALIDATION },
    // nginx keeps the connections, and closes them: a connection that we closed first would cost a visitor a 502.
    keepAliveTimeout: 0,
    forceCloseConnections: 'idle' as const,
    return503OnClosing: false,
  };
}
