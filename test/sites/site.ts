/**
 * What the tests need of a site with its own login, sessions and users, whatever it is written in; and such a site
 * behind nginx with the lines of `latchkey nginx`, with two people: alice, in the group eng, who may read /team/, and
 * bob, who may not.
 */

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { freePort } from '../nginx/free-port.js';
import { pastedSite } from '../nginx/pasted-site.js';

export const PEOPLE = {
  alice: { password: 'correct horse', groups: ['eng'] },
  bob: { password: 'battery staple', groups: [] },
} as const;
export type Person = keyof typeof PEOPLE;

/** Where the site says that a session has ended, and what it proves itself with. */
export interface Hook {
  readonly url: string;
  readonly secret: string;
}

export interface SiteKind {
  readonly name: string;
  readonly loginPath: string;
  readonly whoamiPath: string;
  readonly cookieName: string;
  /** Of a form of another site: 401 where the cookie stays at home, 403 where it travels and does not count. */
  readonly foreignFormStatus: 401 | 403;
  /** Serves on the port of 127.0.0.1 until the test ends. */
  start(t: Test, port: number, folder: string, hook: Hook | undefined): Promise<void>;
}

export interface SiteWithSessions {
  readonly origin: string;
  readonly kind: SiteKind;
  /** Done when Latchkey has been told that a session has ended, before the site goes on. */
  whenTold: () => Promise<unknown>;
}

const SECRET = 'what the site proves itself with, 32 bytes';
export const PLAN = '/media/team/plan.txt';
export const PLAN_TEXT = 'The plan of the team, which is private.';
export const PHOTO = '/media/team/photo.png';

export async function siteWithSessions(
  t: Test,
  kind: SiteKind,
  { keptMs, isTold }: { readonly keptMs: number; readonly isTold: boolean },
): Promise<SiteWithSessions> {
  const back = await freePort();
  const site = await pastedSite(t, {
    settings: {
      LATCHKEY_SESSION_URL: `http://127.0.0.1:${back}${kind.whoamiPath}`,
      LATCHKEY_SESSION_COOKIES: kind.cookieName,
      LATCHKEY_SESSION_KEPT_MS: String(keptMs),
      LATCHKEY_SESSION_HOOK_SECRET: SECRET,
      LATCHKEY_LOGIN_URL: kind.loginPath,
    },
    http: ({ folder, port }, { http, server }) => `
      access_log off;
${http}
      server {
        listen 127.0.0.1:${port};
        root ${folder}/site;
        location / {
          proxy_pass http://127.0.0.1:${back};
          proxy_set_header Host $http_host;
        }
${server}
      }`,
  });
  const { folder } = site;
  const origin = `http://127.0.0.1:${site.port}`;
  putFiles(folder);
  await site.cli('grant group:eng read /team/');
  const started: SiteWithSessions = { origin, kind, whenTold: async () => undefined };
  await kind.start(t, back, folder, isTold ? await hookOf(t, started) : undefined);
  return started;
}

/** Between the site and Latchkey, so that a test can do something at that very moment. */
async function hookOf(t: Test, site: SiteWithSessions): Promise<Hook> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(`${site.origin}/_latchkey/api/v1/sessions/end`, {
      method: 'POST',
      headers: { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' },
      body: await text(request),
    });
    await site.whenTold();
    response.writeHead(answer.status).end(await answer.text());
  });
  t.teardown(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, secret: SECRET };
}

/** A picture of 64 by 64 points, all of one colour. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsItjRMMaxgi+hcEKLNP1WgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgsFa8Fasvuz9wAAAABJRU5ErkJggg==';

function putFiles(folder: string): void {
  const team = `${folder}/site/media/team`;
  mkdirSync(team);
  writeFileSync(`${folder}/site${PLAN}`, PLAN_TEXT);
  writeFileSync(`${folder}/site${PHOTO}`, Buffer.from(PICTURE, 'base64'));
}
