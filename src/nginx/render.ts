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
  /** Begins and ends with a slash. */
  readonly mount: string;
  readonly authorizers: number;
  readonly uploadBytesMax: number;
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
    ['alias              /srv/latchkey/store/;', `alias              ${quoted(`${options.root}/`)};`, 1],
    ['location ^~ /files/ {', `location ^~ ${options.mount} {`, 1],
    ['client_max_body_size 10g;', `client_max_body_size ${options.uploadBytesMax};`, 2],
  ]);
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
