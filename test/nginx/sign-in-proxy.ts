/**
 * A stand-in for a proxy that signs people in (oauth2-proxy, Authelia, authentik), in both of its places: before the
 * site, and asked by it. It knows its users by a cookie. And what a client may try, to pass for one of them.
 */

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { Test } from 'tap';

export interface HeaderNames {
  readonly user: string;
  readonly groups: string;
}

/** Of a cookie's value. */
export type People = Readonly<Record<string, readonly [user: string, groups: string]>>;

export interface FrontOptions {
  readonly names: HeaderNames;
  readonly people: People;
  readonly sitePort: number;
  /** Its own address, on this machine. */
  readonly address: string;
  /** Of X-Latchkey-Proxy-Secret; sent with every request, as a fixed header of a proxy is. */
  readonly secret?: string;
}

/** Before the site: takes away what clients send under its names, and passes everything else on as it came. */
export async function frontProxy(t: Test, options: FrontOptions): Promise<number> {
  const { names, people, sitePort, address, secret } = options;
  const own = [names.user, names.groups, 'X-Latchkey-Proxy-Secret'].map((name) => name.toLowerCase());
  const server = createServer((incoming, response) => {
    const headers: string[] = [];
    for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
      const [name = '', value = ''] = incoming.rawHeaders.slice(i, i + 2);
      if (!own.includes(name.toLowerCase())) headers.push(name, value);
    }
    const person = people[cookieOf(incoming)];
    if (person !== undefined)
      headers.push(names.user, asHeader(person[0]), names.groups, asHeader(person[1]));
    if (secret !== undefined) headers.push('X-Latchkey-Proxy-Secret', secret);
    headers.push('X-Forwarded-For', '203.0.113.9');
    const { method = 'GET', url = '/' } = incoming;
    const asked = request(
      {
        host: '127.0.0.1',
        port: sitePort,
        localAddress: address,
        method,
        path: url,
        headers,
        setHost: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      },
    );
    asked.on('error', () => response.destroy());
    incoming.pipe(asked);
  });
  return listening(t, server);
}

/** Asked by the site's own auth_request: 202 with the names, or 401. */
export async function askedProxy(t: Test, names: HeaderNames, people: People): Promise<number> {
  const server = createServer((incoming, response) => {
    const person = people[cookieOf(incoming)];
    const named = person && { [names.user]: asHeader(person[0]), [names.groups]: asHeader(person[1]) };
    response.writeHead(named === undefined ? 401 : 202, named).end();
  });
  return listening(t, server);
}

async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
}

function cookieOf({ headers }: IncomingMessage): string {
  return /(?:^|; )who=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '';
}

/** UTF-8, one character a byte, as it goes over the wire. */
function asHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Lines of headers by which a client may try to be `root`, or in the group `ops`, or the proxy itself. */
export function forgeries({ user, groups }: HeaderNames): readonly string[] {
  const spelt = (name: string, value: string) => [
    `${name}: ${value}`,
    `${name.toLowerCase()}: ${value}`,
    `${name.toUpperCase()}: ${value}`,
    `${name.replaceAll('-', '_')}: ${value}`,
    `${name.replace('-', '_')}: ${value}`,
    `${name}: ${value}\r\n${name}: ${value}`,
    `${name}:${value}`,
    `${name}:   ${value}   `,
  ];
  return [
    ...spelt(user, 'root'),
    ...spelt(groups, 'ops'),
    ...spelt('X-Latchkey-Proxy-User', 'root'),
    ...spelt('X-Latchkey-Proxy-Groups', 'ops'),
    `${user}: root\r\n${groups}: ops\r\nX-Latchkey-Proxy-Secret: ${'x'.repeat(40)}`,
    `${user}: root\r\nX-Latchkey-Proxy-Secret:`,
    `${user}: root\r\nX-Latchkey-Peer: 127.0.0.2`,
    `${user}: root\r\nX-Latchkey-Peer: unix:`,
    `${user}: root\r\nX-Latchkey-Address: 127.0.0.2`,
    `${user}: root\r\nX-Forwarded-For: 127.0.0.2`,
    `${user}: root\r\nX-Real-IP: 127.0.0.2`,
    `${user}: root\r\nForwarded: for=127.0.0.2`,
    'Remote-User: root\r\nRemote-Groups: ops',
    'X-Auth-Request-User: root\r\nX-Auth-Request-Groups: ops',
    'X-Forwarded-User: root\r\nX-Forwarded-Groups: ops',
    'X-authentik-username: root\r\nX-authentik-groups: ops',
    'X-Latchkey-Principal: user:root',
  ];
}
