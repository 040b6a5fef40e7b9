/** What a refused visitor is answered with where there is no nginx: the named locations of nginx.conf, once more. */

import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { WINDOW_MS } from '../credentials/failures.js';
import { wantsPage } from './gateway-headers.js';

const ID_BYTES = 16;

const WORDS = {
  401: {
    code: 'unauthenticated',
    detail: 'Nobody is signed in, or the credential is not valid; sign in, then try again.',
    title: 'Please sign in',
    text: 'This file is for people who have signed in. Sign in to this site, then open the link again.',
  },
  403: {
    code: 'forbidden',
    detail: 'You may not open this; ask someone who manages it for a grant, and name the request.',
    title: 'You may not open this',
    text: 'You are signed in, but this file is not shared with you. Ask whoever sent you the link, and give them the number below.',
  },
  410: {
    code: 'gone',
    detail: 'This link has ended; ask whoever sent it to you for another one.',
    title: 'This link has ended',
    text: 'It opened this file once, and does so no more. Ask whoever sent it to you for another one.',
  },
  429: {
    code: 'limited',
    detail: 'Too many credentials that are not valid came from here; wait a minute, then try again.',
  },
} as const;

export function isRefusal(status: number | undefined): status is 401 | 403 {
  return status === 401 || status === 403;
}

/**
 * @param told the headers of the 401 or 403, which say the rest by name (`visitor-answer.ts`)
 * @param common what each answer carries
 */
export function answerRefused(
  incoming: IncomingMessage,
  response: ServerResponse,
  status: 401 | 403,
  told: IncomingHttpHeaders,
  common: Readonly<Record<string, string>>,
): void {
  const challenge = told['www-authenticate'];
  const headers = { ...common, ...(challenge !== undefined && { 'www-authenticate': challenge }) };
  const { 'x-latchkey-status': other, 'x-latchkey-location': location } = told;
  const shown = other === '410' ? 410 : status;
  if (status === 401 && typeof location === 'string') {
    response.writeHead(302, { ...headers, location }).end();
  } else if (status === 403 && other === '404') {
    response.writeHead(404, headers).end();
  } else if (status === 401 && other === '429') {
    sendProblem(response, 429, { ...headers, 'retry-after': String(WINDOW_MS / 1000) });
  } else if (wantsPage(incoming.headers)) {
    sendPage(response, shown, headers);
  } else {
    sendProblem(response, shown, headers);
  }
}

function sendProblem(
  response: ServerResponse,
  status: 401 | 403 | 410 | 429,
  headers: Record<string, string>,
): void {
  const { code, detail } = WORDS[status];
  const problem = {
    type: `urn:latchkey:problem:${code}`,
    title: STATUS_CODES[status],
    status,
    detail,
    ...(status === 403 && { request: newId() }),
  };
  response.writeHead(status, { ...headers, 'content-type': 'application/problem+json' });
  response.end(`${JSON.stringify(problem)}\n`);
}

function sendPage(response: ServerResponse, status: 401 | 403 | 410, headers: Record<string, string>): void {
  const { title, text } = WORDS[status];
  response.writeHead(status, { ...headers, 'content-type': 'text/html' });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>:root{color-scheme:light dark}</style><h1>${title}</h1><p>${text}</p><p><small>Request <code>${newId()}</code></small></p></html>\n`,
  );
}

function newId(): string {
  return randomBytes(ID_BYTES).toString('hex');
}
