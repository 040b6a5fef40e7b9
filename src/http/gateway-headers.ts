/**
 * What nginx.conf's maps and `proxy_set_header` lines make of a visitor's request, for the gateway that stands in for
 * it. A client's own header of these names never passes.
 */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface VisitorHeaderSettings {
  /** The headers in which a proxy names the user; `undefined`: none does. */
  readonly proxyHeaders:
    | { readonly user: string; readonly groups: string | undefined; readonly sendsSecret: boolean }
    | undefined;
  /** Origins whose pages may read the files. */
  readonly corsOrigins: readonly string[];
}

type Headers = Readonly<Record<string, string>>;

/** Of the question, and of a request to the files service. */
export function visitorFields(incoming: IncomingMessage, settings: VisitorHeaderSettings): Headers {
  const { headers, socket } = incoming;
  const { proxyHeaders } = settings;
  const address = socket.remoteAddress ?? '';
  return given({
    authorization: headers.authorization,
    cookie: headers.cookie,
    'x-api-key': textOf(headers, 'x-api-key'),
    'x-latchkey-address': address,
    'x-latchkey-peer': address,
    'x-latchkey-page': wantsPage(headers) ? 'yes' : undefined,
    'x-latchkey-proxy-user': textOf(headers, proxyHeaders?.user),
    'x-latchkey-proxy-groups': textOf(headers, proxyHeaders?.groups),
    'x-latchkey-proxy-secret': proxyHeaders?.sendsSecret
      ? textOf(headers, 'x-latchkey-proxy-secret')
      : undefined,
  });
}

/** `Connection` is of the visitor's own one: a service that closes ours with its answer breaks off what is still sent. */
const NOT_THEIRS =
  /^connection$|^x-latchkey-(?:method|query|address|peer|host|page|scheme|upload(?:-bytes)?|request-(?:id|uri)|proxy-(?:user|groups|secret))$/;

/** All that the visitor sent, with ours in place of any of the same name. */
export function relayedHeaders(
  incoming: IncomingMessage,
  settings: VisitorHeaderSettings,
): IncomingHttpHeaders {
  const theirs = Object.entries(incoming.headers).filter(([name]) => !NOT_THEIRS.test(name));
  return {
    ...Object.fromEntries(theirs),
    ...visitorFields(incoming, settings),
    ...given({
      'x-latchkey-host': incoming.headers.host,
      'x-latchkey-scheme': 'http',
      'x-latchkey-request-uri': incoming.url,
    }),
  };
}

/** A page to show, rather than an image or data: by Sec-Fetch where the browser sends it, else by Accept. */
export function wantsPage(headers: IncomingHttpHeaders): boolean {
  const mode = textOf(headers, 'sec-fetch-mode') ?? '';
  const destination = textOf(headers, 'sec-fetch-dest') ?? '';
  if (mode === '' && destination === '') return headers.accept?.includes('text/html') === true;
  return mode === 'navigate' && destination === 'document';
}

/** The headers by which a page of a configured site may read the answer. */
export function corsHeaders(headers: IncomingHttpHeaders, { corsOrigins }: VisitorHeaderSettings): Headers {
  if (corsOrigins.length === 0) return {};
  const { origin = '' } = headers;
  if (!corsOrigins.includes(origin)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Content-Range, ETag, Content-Disposition',
  };
}

/** The answer to a browser's question before its page may send a credential; `undefined`: it is no such question. */
export function preflightHeaders(
  { method, headers }: IncomingMessage,
  settings: VisitorHeaderSettings,
): Headers | undefined {
  const allowed = corsHeaders(headers, settings);
  if (method !== 'OPTIONS' || allowed['access-control-allow-origin'] === undefined) return undefined;
  const { 'access-control-expose-headers': _, ...rest } = allowed;
  return {
    ...rest,
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers':
      'Authorization, X-Api-Key, Range, If-None-Match, If-Modified-Since, If-Range',
    'access-control-max-age': '600',
  };
}

function textOf(headers: IncomingHttpHeaders, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : headers[name.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

/** Without those that are not there or empty: nginx sends neither. */
function given(fields: Readonly<Record<string, string | undefined>>): Headers {
  const all = Object.entries(fields).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(all) as Headers;
}
