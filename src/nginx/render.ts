/**
 * Renders the nginx.conf at the root of the repository, which is the one source (DESIGN §3): for `latchkey up`
 * with its own paths and port, and in parts for an existing site.
 *
 * It is no template: it is a valid configuration in which each replaced text occurs a known number of times. If
 * an edit breaks that, rendering throws, and so do the tests.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The same from src/nginx/ and from dist/nginx/. */
const SOURCE = new URL('../../nginx.conf', import.meta.url);

export interface SiteOptions {
  /** The data folder as nginx is to name it: absolute, or '' for nginx's own working folder. */
  readonly dataFolder: string;
  /** nginx's root. */
  readonly root: string;
  /** Of uploads under way; nginx writes in one of its own in it. */
  readonly partialFolder: string;
  /** Begins and ends with a slash. */
  readonly mount: string;
  readonly authorizers: number;
  readonly uploadBytesMax: number;
  /** The headers in which a proxy names the user; `undefined`: none does. */
  readonly proxyHeaders: ProxyHeaderNames | undefined;
  /** Origins whose pages may read the files. */
  readonly corsOrigins: readonly string[];
}

export interface ProxyHeaderNames {
  readonly user: string;
  readonly groups: string | undefined;
  /** It proves itself by the header X-Latchkey-Proxy-Secret. */
  readonly sendsSecret: boolean;
}

export interface ServerOptions extends SiteOptions {
  /** `8080` or `127.0.0.1:8080`. */
  readonly listen: string;
  readonly mimeTypes: string;
  /** The user of nginx's workers, where nginx is started as root. */
  readonly user: string | undefined;
}

/** A whole nginx.conf. */
export function renderServer(options: ServerOptions, source = shippedConfiguration()): string {
  if (options.mount === '/s/') throw new Error('LATCHKEY_MOUNT may not be /s/: share links are there');
  const site = renderSite(source, options);
  const placed = substitute(site, [
    ['listen      8080;', `listen      ${options.listen};`, 1],
    ['/etc/nginx/mime.types', options.mimeTypes, 1],
  ]);
  return options.user === undefined ? placed : `user ${options.user};\n${placed}`;
}

export interface SiteLines {
  /** For the http block. */
  readonly http: string;
  /** For the server block that has the files. */
  readonly server: string;
}

/** Where nginx writes uploads, among those that are under way (uploads/raw-uploads.ts). */
export function uploadFolder(partialFolder: string): string {
  return join(partialFolder, 'nginx');
}

/** The lines for an existing site. */
export function siteLines(options: SiteOptions, source = shippedConfiguration()): SiteLines {
  const site = renderSite(source, options);
  return { http: partOf(site, 'http'), server: partOf(site, 'server') };
}

export function shippedConfiguration(): string {
  return readFileSync(SOURCE, 'utf8');
}

function renderSite(source: string, options: SiteOptions): string {
  const run = join(options.dataFolder, 'run');
  const server = (socket: string) => `server ${quoted(`unix:${run}/${socket}`)} max_fails=0;`;
  const authorizers = Array.from({ length: options.authorizers }, (_, i) =>
    server(`authorizer-${i + 1}.sock`),
  );
  return substitute(source, [
    ['server unix:/srv/latchkey/run/authorizer-1.sock max_fails=0;', authorizers.join('\n        '), 1],
    ['server unix:/srv/latchkey/run/files.sock max_fails=0;', server('files.sock'), 1],
    ['/srv/latchkey/run', run, 7],
    ['root               /srv/latchkey/store;', `root               ${quoted(options.root)};`, 1],
    ['alias              /srv/latchkey/store/;', `alias              ${quoted(`${options.root}/`)};`, 2],
    ['location ^~ /files/ {', `location ^~ ${options.mount} {`, 1],
    [
      'client_body_temp_path    /srv/latchkey/partial/nginx;',
      `client_body_temp_path    ${quoted(uploadFolder(options.partialFolder))};`,
      1,
    ],
    ['client_max_body_size 10g;', `client_max_body_size ${options.uploadBytesMax};`, 6],
    ...proxyMaps(options.proxyHeaders),
    ...corsMaps(options.corsOrigins),
  ]);
}

/** From the proxy's own header, unless it holds a control character: that would be a malformed request. */
function proxyMaps(names: ProxyHeaderNames | undefined): readonly Substitution[] {
  if (names === undefined) return [];
  const read = (name: string, header: string | undefined): Substitution[] => {
    if (header === undefined) return [];
    const off = `map $host ${name.padEnd('$latchkey_proxy_groups'.length)} { default ""; }`;
    const variable = `$http_${header.toLowerCase().replaceAll('-', '_')}`;
    return [
      [off, `map ${variable} ${name} { default ${variable}; "~[\\x00-\\x08\\x0a-\\x1f\\x7f]" ""; }`, 1],
    ];
  };
  return [
    ...read('$latchkey_proxy_user', names.user),
    ...read('$latchkey_proxy_groups', names.groups),
    ...read('$latchkey_proxy_secret', names.sendsSecret ? PROXY_SECRET_HEADER : undefined),
  ];
}

/** What a proxy proves itself with (LATCHKEY_PROXY_SECRET). */
export const PROXY_SECRET_HEADER = 'X-Latchkey-Proxy-Secret';

/**
 * The origin is answered as it was asked, when it is one of those that are configured. As regular expressions: a
 * name longer than nginx's map_hash_bucket_size would not be taken, and names would be compared in any case.
 */
function corsMaps(origins: readonly string[]): readonly Substitution[] {
  if (origins.length === 0) return [];
  const known = origins.map((origin) => `"~^${origin.replace(/[.[\]]/g, '\\$&')}$" "${origin}";`).join(' ');
  return [
    [
      'map $http_origin $latchkey_cors { default ""; }',
      `map $http_origin $latchkey_cors { default ""; ${known} }`,
      1,
    ],
    ['map $host $latchkey_vary { default ""; }', 'map $host $latchkey_vary { default Origin; }', 1],
  ];
}

type Substitution = readonly [from: string, to: string, times: number];

function substitute(source: string, substitutions: readonly Substitution[]): string {
  let text = source;
  for (const [from, to, times] of substitutions) {
    const parts = text.split(from);
    if (parts.length - 1 !== times) {
      throw new Error(`nginx.conf has ${JSON.stringify(from)} ${parts.length - 1} times, not ${times}`);
    }
    text = parts.join(to);
  }
  return text;
}

function partOf(text: string, name: 'http' | 'server'): string {
  const begin = new RegExp(`^ *# ---- latchkey, ${name} -+\\n`, 'm').exec(text);
  const end = new RegExp(`^ *# ---- latchkey, ${name}: end -+\\n`, 'm').exec(text);
  if (begin === null || end === null) throw new Error(`nginx.conf has no part '${name}'`);
  const lines = text
    .slice(begin.index + begin[0].length, end.index)
    .trim()
    .split('\n');
  const indent = name === 'http' ? 4 : 8;
  const margin = ' '.repeat(indent);
  return lines.map((line) => (line.startsWith(margin) ? line.slice(indent) : line)).join('\n');
}

/** nginx reads spaces and braces in a path as its own syntax, unless it is quoted. */
function quoted(path: string): string {
  if (/[$\u0000-\u001f]/.test(path))
    throw new Error(`nginx cannot have a folder named ${JSON.stringify(path)}`);
  return /^[A-Za-z0-9._/~@:-]+$/.test(path) ? path : `"${path.replace(/["\\]/g, '\\$&')}"`;
}
