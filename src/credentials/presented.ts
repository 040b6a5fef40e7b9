/**
 * What of a request credentials travel in, under the names by which nginx passes it on. A value is as it came:
 * one character a byte. Both services read the same fields, the authorizer from node:http's raw list.
 */

export interface Presented {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  /** X-Api-Key. */
  readonly apiKey: string | undefined;
  /** The visitor's address, as nginx's real_ip settings say: for limits, never a proof. */
  readonly address: string | undefined;
  /** The address of the connection that nginx accepted: the visitor's, or a proxy's. */
  readonly peer: string | undefined;
  readonly proxyUser: string | undefined;
  readonly proxyGroups: string | undefined;
  readonly proxySecret: string | undefined;
}

/** The visitor's request, as far as an answer depends on it. */
export interface Asked extends Presented {
  /** The visitor's method; nginx's own question is always a GET. */
  readonly method: string | undefined;
  /** The query as it came, without its question mark. */
  readonly query: string | undefined;
  /** `yes`: a browser wants a page to show, rather than an image or data. */
  readonly page: string | undefined;
}

type Draft = { -readonly [F in keyof Asked]: Asked[F] };

const HEADERS: readonly (readonly [name: string, field: keyof Asked])[] = [
  ['Authorization', 'authorization'],
  ['Cookie', 'cookie'],
  ['X-Api-Key', 'apiKey'],
  ['X-Latchkey-Method', 'method'],
  ['X-Latchkey-Query', 'query'],
  ['X-Latchkey-Address', 'address'],
  ['X-Latchkey-Peer', 'peer'],
  ['X-Latchkey-Proxy-User', 'proxyUser'],
  ['X-Latchkey-Proxy-Groups', 'proxyGroups'],
  ['X-Latchkey-Proxy-Secret', 'proxySecret'],
  ['X-Latchkey-Page', 'page'],
];

/** As nginx writes them, which is how nearly all come, and in lower case. */
const FIELDS: ReadonlyMap<string, keyof Asked> = new Map(
  HEADERS.flatMap(([name, field]) => [
    [name, field],
    [name.toLowerCase(), field],
  ]),
);

function nothing(): Draft {
  return {
    authorization: undefined,
    cookie: undefined,
    apiKey: undefined,
    address: undefined,
    peer: undefined,
    proxyUser: undefined,
    proxyGroups: undefined,
    proxySecret: undefined,
    method: undefined,
    query: undefined,
    page: undefined,
  };
}

/**
 * From the raw list: node:http would make an object of all headers, at more than the price of the decision.
 *
 * @param raw name, value, name, value …; nginx sends each once, and of several the first counts
 */
export function askedOfRaw(raw: readonly string[]): Asked {
  const asked = nothing();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const field = FIELDS.get(name) ?? FIELDS.get(name.toLowerCase());
    if (field !== undefined) asked[field] ??= raw[i + 1];
  }
  return asked;
}

/** From node:http's object of headers; of several of one name, which only a list may be, the first counts. */
export function askedOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Asked {
  const asked = nothing();
  for (const [name, field] of HEADERS) {
    const value = headers[name.toLowerCase()];
    asked[field] = typeof value === 'object' ? value[0] : value;
  }
  return asked;
}
