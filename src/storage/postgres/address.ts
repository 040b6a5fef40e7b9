/**
 * The URL of a PostgreSQL store: the driver's own, and one word of ours, `schema`. What it says is parsed by the driver;
 * here is only what Latchkey refuses or leaves out. Must never put the password into an error.
 */

export interface PostgresAddress {
  /** For the driver, without our own word. */
  readonly url: string;
  /** Where the tables are, so that Latchkey may share the site's database. */
  readonly schema: string;
}

export const SCHEMA_DEFAULT = 'latchkey';

/** What nobody has to quote by hand, but for a word of SQL. */
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** The driver calls `prefer`, `require` and `verify-ca` what other programs call `verify-full`: nobody has to guess. */
const TLS_MODES: readonly string[] = ['disable', 'no-verify', 'verify-full'];

const PORT_MAX = 65_535;
const MASK = '********';

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url);
}

/** As it may be shown. What cannot be read is not shown at all: it may be the password that makes it so. */
export function withoutPassword(url: string): string {
  if (!isPostgresUrl(url)) return url;
  const shown = parsed(url);
  if (shown === undefined) return 'postgres://…';
  const secret = shown.searchParams.has('password') || shown.searchParams.has('sslpassword');
  if (shown.password === '' && !secret) return url;
  for (const word of ['password', 'sslpassword'])
    if (shown.searchParams.has(word)) shown.searchParams.set(word, MASK);
  if (shown.password !== '') shown.password = MASK;
  return WITHOUT_HOST.test(url) ? shown.href.replace('@localhost', '@') : shown.href;
}

/** @throws with what is wrong with it, and never with the URL itself */
export function parseAddress(url: string): PostgresAddress {
  const [base = '', query = ''] = url.split(/\?(.*)/s);
  if (parsed(url) === undefined) {
    throw new Error('it cannot be read; what is special in a name or a password stands in it as %XX');
  }
  const words = new URLSearchParams(query);
  // The driver takes the last one, where we have looked at the first.
  if (new Set(words.keys()).size < words.size) throw new Error('it has the same word behind its ? twice');
  const schema = words.get('schema') ?? SCHEMA_DEFAULT;
  if (!SCHEMA_NAME.test(schema)) throw new Error('its schema= takes a name of a-z, 0-9 and _');
  const mode = words.get('sslmode');
  if (mode !== null && !TLS_MODES.includes(mode)) {
    throw new Error(`its sslmode= takes ${TLS_MODES.join(', ')}`);
  }
  // With any other the driver never answers.
  if (!isPort(words.get('port') ?? '1')) throw new Error(`its port= takes a number from 1 to ${PORT_MAX}`);
  words.delete('schema');
  return { url: words.size === 0 ? base : `${base}?${words}`, schema };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= PORT_MAX;
}

/** A password that is not percent-encoded may end the host early: what is left of it then stands before an `@`. */
const CUT_SHORT = /^[^:]+:\/\/[^/?#]*[/?#].*@|#/s;
const WITHOUT_HOST = /^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?#]|$)/;

/** With a host in the place of none, without which it is no URL: a socket is named by `?host=`. */
function parsed(url: string): URL | undefined {
  const named = url.replace(WITHOUT_HOST, '$1localhost');
  return !CUT_SHORT.test(url) && URL.canParse(named) ? new URL(named) : undefined;
}
