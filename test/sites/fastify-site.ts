/** A Fastify site with @fastify/session, in the process of the test: sessions in its memory, users in a table. */

import cookie from '@fastify/cookie';
import session from '@fastify/session';
import Fastify, { type FastifyInstance } from 'fastify';
import { type Hook, PEOPLE, type Person, type SiteKind } from './site.js';

declare module 'fastify' {
  interface Session {
    user?: Person;
  }
}

const LOGIN = '/login';

export const FASTIFY: SiteKind = {
  name: 'Fastify',
  loginPath: LOGIN,
  whoamiPath: '/whoami',
  cookieName: 'sessionId',
  foreignFormStatus: 403, // a new cookie that says nothing of SameSite goes with forms for two minutes
  start: async (t, port, _folder, hook) => {
    const app = Fastify({ forceCloseConnections: true });
    t.teardown(() => app.close());
    await app.register(cookie);
    await app.register(session, { secret: 'of a site that lives for one test', cookie: { secure: false } });
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
    );
    pages(app);
    forLatchkey(app, hook);
    await app.listen({ host: '127.0.0.1', port });
  },
};

interface Login {
  readonly username: string;
  readonly password: string;
  readonly next: string;
}

function pages(app: FastifyInstance): void {
  app.get<{ Querystring: { next?: string } }>(LOGIN, async ({ query: { next = '' } }, reply) =>
    reply.type('text/html').send(loginPage(next)),
  );
  app.post<{ Body: Login }>(LOGIN, async (request, reply) => {
    const { username, password, next } = request.body;
    if (!isPerson(username) || PEOPLE[username].password !== password) {
      return reply.code(401).type('text/html').send(loginPage(next));
    }
    await request.session.regenerate();
    request.session.user = username;
    return reply.redirect(/^\/(?![/\\])/.test(next) ? next : '/gallery/', 303);
  });
  app.get('/gallery/', async ({ session: { user } }, reply) =>
    reply.type('text/html').send(galleryPage(user)),
  );
}

/** All that such a site adds for Latchkey: a route that answers who has signed in, and the sign-out hook. */
function forLatchkey(app: FastifyInstance, hook: Hook | undefined): void {
  app.get('/whoami', async ({ session: { user } }) =>
    user === undefined ? { user: null } : { user, groups: PEOPLE[user].groups },
  );
  app.post('/logout', async (request, reply) => {
    const { user } = request.session;
    // First it must be over here: Latchkey asks again.
    await request.session.destroy();
    if (hook !== undefined && user !== undefined)
      await tell(hook, user).catch((error) => app.log.error(error));
    return reply.redirect('/gallery/', 303);
  });
}

async function tell({ url, secret }: Hook, user: Person): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
    signal: AbortSignal.timeout(20_000),
  });
  if (!answer.ok) throw new Error(`Latchkey answered ${answer.status}`);
}

function isPerson(name: string): name is Person {
  return Object.hasOwn(PEOPLE, name);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${body}</html>`;
}

function loginPage(next: string): string {
  const escaped = next.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return page(
    'Sign in',
    `<h1>Sign in to the Fastify site</h1>
    <form method="post">
      <label>User <input name="username"></label>
      <label>Password <input name="password" type="password"></label>
      <input type="hidden" name="next" value="${escaped}">
      <button type="submit">Sign in</button>
    </form>`,
  );
}

function galleryPage(user: Person | undefined): string {
  return page(
    'Gallery',
    `<h1>The gallery of the Fastify site</h1>
    <p id="who">${user ?? 'nobody'}</p>
    <img id="photo" src="/media/team/photo.png" alt="The team" width="120">
    <form id="upload" method="post" action="/media/users/${user}/" enctype="multipart/form-data">
      <input type="file" name="file"> <button type="submit" id="send">Upload</button>
    </form>
    <form method="post" action="/logout"><button type="submit" id="out">Sign out</button></form>`,
  );
}
