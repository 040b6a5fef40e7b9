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
import { DOWNLOAD_PREFIX, SERVE_PREFIX } from './download-route.js';
import { WRITE_PREFIX } from './write-routes.js';

export interface GatewaySettings {
  readonly authorizerSocket: string;
  readonly filesSocket: string;
  readonly root: string;
  readonly mount: string;
}

/** The headers that nginx.conf passes to the authorizer by name. */
const CREDENTIAL_HEADERS = ['authorization', 'cookie', 'x-api-key'] as const;
/** Of nginx.conf, for what users have uploaded. */
const CONTENT_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy':
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; frame-ancestors 'self'",
  'cache-control': 'private, no-cache',
} as const;

export function createGateway(settings: GatewaySettings): Server {
  return createServer((incoming, response) => {
    serve(settings, incoming, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(503, { 'retry-after': '1' }).end();
    });
  });
}

async function serve(settings: GatewaySettings, incoming: IncomingMessage, response: ServerResponse) {
  const url = incoming.url ?? '/';
  if (url.startsWith(settings.mount)) return serveMount(settings, url, incoming, response);
  if (url.startsWith(`${DOWNLOAD_PREFIX}/`) || url.startsWith(`${API_PREFIX}/`)) {
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
  const [path = ''] = url.split('?');
  const answer = await ask(settings, path, incoming);
  const status = answer.statusCode ?? 500;
  if (status === 401 || status === 403) {
    const challenge = answer.headers['www-authenticate'];
    response.writeHead(status, challenge === undefined ? {} : { 'www-authenticate': challenge }).end();
    return;
  }
  if (status !== 200 || answer.headers['x-latchkey-serve'] !== 'yes')
    throw new Error(`authorizer: ${status}`);
  if (incoming.method === 'GET' || incoming.method === 'HEAD') {
    return sendFile(settings, path, incoming, response, {});
  }
  return relay(settings, WRITE_PREFIX + path, incoming, response);
}

function ask(settings: GatewaySettings, path: string, incoming: IncomingMessage): Promise<IncomingMessage> {
  const headers: Record<string, string> = { 'x-latchkey-method': incoming.method ?? '' };
  for (const name of CREDENTIAL_HEADERS) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
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
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method = 'GET', headers } = incoming;
    const asked = request({ socketPath: settings.filesSocket, path, method, headers }, resolve);
    asked.on('error', reject);
    incoming.pipe(asked);
  });
  const target = answer.headers['x-accel-redirect'];
  if (typeof target === 'string' && target.startsWith(SERVE_PREFIX)) {
    answer.resume();
    const disposition = answer.headers['content-disposition'] ?? '';
    const file = target.slice(SERVE_PREFIX.length);
    return sendFile(settings, file, incoming, response, { 'content-disposition': disposition });
  }
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}

/** @param path percent-encoded, below the root, already judged */
async function sendFile(
  settings: GatewaySettings,
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  extra: Readonly<Record<string, string>>,
) {
  // A folder is 404, as in nginx.conf: no index, no redirect.
  if (path.endsWith('/')) return void response.writeHead(404).end();
  const sent = await send(incoming, path, {
    root: join(process.cwd(), settings.root),
    dotfiles: 'allow',
    index: false,
  });
  if (sent.type !== 'file' && sent.statusCode >= 300 && sent.statusCode !== 304) {
    return void response.writeHead(sent.statusCode === 416 ? 416 : 404).end();
  }
  response.writeHead(sent.statusCode, { ...sent.headers, ...CONTENT_HEADERS, ...extra });
  await pipeline(sent.stream, response);
}
