/** Every verb and every route says whether it can take a right away, and offers to wait exactly where it can. */

import t from 'tap';
import { COMMANDS } from '../../src/commands/catalogue.js';
import type { Command } from '../../src/commands/command.js';
import { openapiDocument } from '../documents/openapi-document.js';
import { ROUTES, VERBS } from '../fleet/verb-table.js';

/** What its usage begins each of its ways with, in lower case. */
function verbsOf(name: string, { usage }: Command): readonly string[] {
  const verbs = usage
    .split(/ \| |; /)
    .map((way) => /^[a-z]+/.exec(way)?.[0])
    .filter((verb) => verb !== undefined && verb !== 'of');
  return verbs.length === 0 ? [name] : [...new Set(verbs)].map((verb) => `${name} ${verb}`);
}

const commands = new Map<string, Command>();
for (const [name, { load }] of Object.entries(COMMANDS)) commands.set(name, await load());

t.test('no verb is missing, and none is there no more', async (t) => {
  const all = [...commands].flatMap(([name, command]) => verbsOf(name, command));
  t.strictSame(Object.keys(VERBS).sort(), all.sort());
});

t.test('--no-wait is for those that wait', async (t) => {
  for (const [name, { options }] of commands) {
    const waits = Object.entries(VERBS).some(
      ([verb, taking]) => verb.split(' ')[0] === name && taking === 'waits',
    );
    t.equal(options?.['no-wait'] !== undefined, waits, name);
  }
});

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, unknown>> }>
  >;
}

t.test('of the HTTP API too: it answers with the field effective', async (t) => {
  const { paths } = JSON.parse(await openapiDocument()) as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const changing = Object.entries(paths).flatMap(([url, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'get' && method !== 'head')
      .map(([method, { responses }]) => [`${method.toUpperCase()} ${url}`, responses] as const),
  );
  t.strictSame(Object.keys(ROUTES).sort(), changing.map(([route]) => route).sort());
  for (const [route, responses] of changing) {
    const told = JSON.stringify(responses['200']?.content ?? {}).includes('"effective"');
    t.equal(told, ROUTES[route] === 'waits', route);
    const byHeader = JSON.stringify(responses).includes('X-Latchkey-Effective');
    t.equal(byHeader, ROUTES[route] === 'waits, and says so by a header', route);
  }
});
