/**
 * Stands in for nginx where there is none, for development: the same URLs, the same authorizer, the same files
 * service, but every byte passes through Node and nothing is hardened. Never for production.
 */

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import send from '@fastify/send';
import { API_PREFIX } from './acl-routes.js';
import { AUTHORIZE_PREFIX } from './authorize.js';
import { DOWNLOAD_PREFIX, HIDDEN, SERVE_PREFIX } from './download-route.js';
import {
  corsHeaders,
  preflightHeaders,
  relayedHeaders,
  type VisitorHeaderSettings,
  visitorFields,
} from './gateway-headers.js';
import { answerRefused, isRefusal } from './gateway-refusal.js';
import { SERVE_LINK_PREFIX, SHARE_PREFIX } from './shares/address.js';
import { UPLOADS_PREFIX } from './tus/protocol.js';
import { WRITE_PREFIX } from './write-routes.js';

export interface GatewaySettings extends VisitorHeaderSettings {
  readonly authorizerSocket: string;
  readonly filesSocket: string;
  readonly root: string;
  readonly mount: string;
}

/** Of nginx.conf, for what users have uploaded. */
const CONTENT_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; frame-ancestors 'self'",
  'cache-control': 'private, no-cache',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

/** Of nginx.conf, where a link leads: no other site's page may read it, and no search engine keeps it. */
const LINK_HEADERS = { ...CONTENT_HEADERS, 'x-robots-tag': 'noindex, nofollow' } as const;

/** What nginx hides, and what is of the connection to the service. */
const NOT_OURS_TO_SHOW = /^(?:x-latchkey-.*|connection|keep-alive)$/;

/** The short form of a share link, as in nginx.conf. */
const SHORT_PREFIX = '/s/';

export function createGateway(settings: GatewaySettings): Server {
  return createServer((incoming, response) => {
    serve(settings, incoming, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(statusOfOutage(incoming), { 'retry-after': '1' }).end();
    });
  });
}

/** As nginx.conf's: who asks where an upload ends is to ask again, and not to begin anew. */
function statusOfOutage({ method, url = '' }: IncomingMessage): number {
  return method === 'HEAD' && url.startsWith(`${UPLOADS_PREFIX}/`) ? 423 : 503;
}

async function serve(settings: GatewaySettings, incoming: IncomingMessage, response: ServerResponse) {
  const url = incoming.url ?? '/';
  const isFile = url.startsWith(settings.mount);
  const isDownload = url.startsWith(`${DOWNLOAD_PREFIX}/`);
  const preflight = isFile || isDownload ? preflightHeaders(incoming, settings) : undefined;
  if (preflight !== undefined) return void response.writeHead(204, preflight).end();
  if (isFile) return serveMount(settings, url, incoming, response);
  if (url.startsWith(SHORT_PREFIX)) return relay(settings, `/_latchkey${url}`, incoming, response);
  if (
    isDownload ||
    [API_PREFIX, SHARE_PREFIX, UPLOADS_PREFIX].some((prefix) => url.startsWith(`${prefix}/`))
  ) {
    return relay(settings, url, incoming, response);
  }
  response.writeHead(404).end();
}

async function serveMount(
  settings: GatewaySettings,
  url: string,
  incoming: IncomingMessage,
  response: ServerResponse,
) {
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const { statusCode, headers } = await ask(settings, path, query, incoming);
  if (isRefusal(statusCode)) {
    return answerRefused(incoming, response, statusCode, headers, common(settings, incoming));
  }
  if (statusCode !== 200 || headers['x-latchkey-serve'] !== 'yes') {
    throw new Error(`authorizer: ${statusCode}`);
  }
  if (incoming.method === 'GET' || incoming.method === 'HEAD') {
    const cookie = headers['x-latchkey-cookie'];
    return sendFile(settings, path, incoming, response, {
      ...common(settings, incoming),
      ...(typeof cookie === 'string' && { 'set-cookie': cookie }),
    });
  }
  return relay(settings, WRITE_PREFIX + path, incoming, response);
}

/** What every answer about a file carries. */
function common(settings: GatewaySettings, { headers }: IncomingMessage): Record<string, string> {
  return { ...CONTENT_HEADERS, ...corsHeaders(headers, settings) };
}

function ask(
  settings: GatewaySettings,
  path: string,
  query: string,
  incoming: IncomingMessage,
): Promise<IncomingMessage> {
  const headers = {
    ...visitorFields(incoming, settings),
    'x-latchkey-method': incoming.method ?? '',
    'x-latchkey-query': query,
  };
  return new Promise((resolve, reject) => {
    request({ socketPath: settings.authorizerSocket, path: AUTHORIZE_PREFIX + path, headers }, (answer) => {
      answer.resume();
      resolve(answer);
    })
      .on('error', reject)
      .end();
  });
}

async function relay(
  settings: GatewaySettings,
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
) {
  const isDownload = path.startsWith(`${DOWNLOAD_PREFIX}/`);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method = 'GET' } = incoming;
    const { 'content-length': _, 'transfer-encoding': __, ...bodyless } = relayedHeaders(incoming, settings);
    const headers = isDownload ? bodyless : relayedHeaders(incoming, settings);
    const asked = request({ socketPath: settings.filesSocket, path, method, headers }, resolve);
    asked.on('error', reject);
    if (isDownload) asked.end();
    else incoming.pipe(asked);
    incoming.once('close', () => {
      if (!incoming.complete) asked.destroy(); // else the service waits for the rest
    });
  });
  const { statusCode = 502, headers } = answer;
  if (isDownload && isRefusal(statusCode)) {
    answer.resume();
    return answerRefused(incoming, response, statusCode, headers, common(settings, incoming));
  }
  const target = headers['x-accel-redirect'];
  if (typeof target === 'string') {
    answer.resume();
    const { path: file, fixed } = accelTarget(target, common(settings, incoming));
    const kept = ['content-disposition', 'set-cookie', 'repr-digest'].flatMap((name) =>
      headers[name] === undefined ? [] : [[name, headers[name]] as const],
    );
    return sendFile(settings, file, incoming, response, { ...fixed, ...Object.fromEntries(kept) });
  }
  const shown = Object.entries(headers).filter(([name]) => !NOT_OURS_TO_SHOW.test(name));
  const readable = isDownload ? corsHeaders(incoming.headers, settings) : {};
  response.writeHead(statusCode, { ...Object.fromEntries(shown), ...readable });
  await pipeline(answer, response);
}

/** The file that an X-Accel-Redirect leads to, and the headers of its location. */
function accelTarget(target: string, common: Readonly<Record<string, string>>) {
  if (target === HIDDEN) return { path: '/', fixed: common };
  const [prefix, fixed] = target.startsWith(`${SERVE_LINK_PREFIX}/`)
    ? ([SERVE_LINK_PREFIX, LINK_HEADERS] as const)
    : ([SERVE_PREFIX, common] as const);
  if (!target.startsWith(`${prefix}/`)) throw new Error('X-Accel-Redirect leads to no location');
  return { path: target.slice(prefix.length), fixed };
}

/** @param path percent-encoded, below the root, already judged */
async function sendFile(
  settings: GatewaySettings,
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string | string[]>>,
) {
  // A folder is 404, as in nginx.conf: no index, no redirect.
  if (path.endsWith('/')) return void response.writeHead(404, headers).end();
  const sent = await send(incoming, path, {
    root: join(process.cwd(), settings.root),
    dotfiles: 'allow',
    index: false,
  });
  if (sent.type !== 'file' && sent.statusCode >= 300 && sent.statusCode !== 304) {
    return void response.writeHead(sent.statusCode === 416 ? 416 : 404, headers).end();
  }
  response.writeHead(sent.statusCode, { ...sent.headers, ...headers });
  await pipeline(sent.stream, response);
}
