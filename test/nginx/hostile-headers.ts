/**
 * Hostile headers, in each of the places where nginx asks or passes on: what nginx.conf's maps read, and what reaches a
 * service. Beside `hostile-requests.ts`, and with the same rule: no byte of the file, and no 5xx.
 */

import { type Hostile, request, shown } from './hostile-requests.js';

/** Lines that nginx.conf's maps read, or that reach a service: in each of the places where one is asked. */
const EVERYWHERE: readonly string[] = [
  'X-Latchkey-Proxy-User: root',
  'X-Latchkey-Proxy-User: root\r\nX-Latchkey-Proxy-Secret: root\r\nX-Latchkey-Peer: unix:',
  'X_Latchkey_Proxy_User: root',
  'X-Latchkey-Status: 404',
  'X-Latchkey-Location: http://evil.example/',
  'X-Latchkey-Page: yes',
  'X-Latchkey-Host: evil.example',
  'X-Api-Key: lk_',
  `X-Api-Key: lk_${'A'.repeat(43)}`,
  `X-Api-Key: lk_${'A'.repeat(7000)}`,
  'X-Api-Key: lk_\u0001',
  'X-Api-Key: lk_\u00ff\u00fe',
  'Authorization: Basic bGtfOmxrXw==',
  `Authorization: Basic ${'A'.repeat(7000)}`,
  'Authorization: Basic \u0001',
  'Accept: text/html\u0001',
  'Accept: \u007f',
  'Accept: \u00ff\u00fe',
  `Accept: ${'text/html,'.repeat(700)}`,
  'Accept: text/html\r\nAccept: text/html',
  'Origin: \u0001',
  'Origin: https://\u0002.example',
  'Origin: \u00ff',
  `Origin: https://${'a'.repeat(7000)}`,
  'Origin: null\r\nOrigin: null',
  'Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate\u0003\r\nSec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate:document:',
  'Sec-Fetch-Site: \u0004',
  'Host: evil\u0001.example',
  'Host: evil.example/files/pub/a',
  'Host: \u00ff',
  `Host: ${'a'.repeat(7000)}`,
  'Cookie: \u0005',
  `Cookie: a=${'b'.repeat(7000)}\r\nAuthorization: Bearer ${'c'.repeat(7000)}\r\nX-Api-Key: lk_${'d'.repeat(7000)}`,
  `Cookie: ${'\u00ff'.repeat(7000)}`,
  'User-Agent: \u0006',
  'X-Anything: \u0007',
  `X-Anything: ${'e'.repeat(7000)}\r\nX-Else: ${'f'.repeat(7000)}\r\nReferer: ${'g'.repeat(7000)}`,
  `X-Anything: ${'h'.repeat(9000)}`,
  Array.from({ length: 400 }, (_, i) => `X-${i}: ${i}`).join('\r\n'),
];

const ASKED: readonly (readonly [method: string, target: string])[] = [
  ['GET', '/files/vault/secret.txt'],
  ['PUT', '/files/vault/secret.txt'],
  ['OPTIONS', '/files/vault/secret.txt'],
  ['GET', '/_latchkey/download/vault/secret.txt'],
  ['GET', '/_latchkey/api/v1/grants?path=/vault/secret.txt'],
  ['DELETE', '/_latchkey/api/v1/grants?path=/vault/&principal=anyone'],
];

export const HOSTILE_HEADERS: readonly Hostile[] = EVERYWHERE.flatMap((header) =>
  ASKED.map(([method, target]) => {
    const length = method === 'PUT' ? ['Content-Length: 0'] : [];
    return request(`${method} ${target} ${shown(header)}`, method, target, [header, ...length]);
  }),
);
