/** The Django site in django/, run by Debian's Python and Django over a database of its own. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { start } from '../commands/program.js';
import { plainEnvironment } from '../nginx/running-site.js';
import { PEOPLE, type SiteKind } from './site.js';

/** Debian's own: another Python on the path would not have Debian's packages. */
const PYTHON = '/usr/bin/python3';
const START = fileURLToPath(new URL('django/start.py', import.meta.url));

export const DJANGO: SiteKind = {
  name: 'Django',
  loginPath: '/accounts/login/',
  whoamiPath: '/whoami/',
  cookieName: 'sessionid',
  foreignFormStatus: 401, // Django's cookie is SameSite=Lax
  start: async (t, port, folder, hook) => {
    const { status } = spawnSync(PYTHON, ['-c', 'import django'], { stdio: 'ignore' });
    if (status !== 0) throw new Error('Django is missing: apt-get install python3-django');
    await start(t, [PYTHON, '-u', START, String(port)], /Quit the server/, {
      env: plainEnvironment({
        PYTHONDONTWRITEBYTECODE: '1',
        SITE_DATABASE: `${folder}/django.db`,
        SITE_USERS: JSON.stringify(PEOPLE),
        ...(hook !== undefined && { SITE_HOOK_URL: hook.url, SITE_HOOK_SECRET: hook.secret }),
      }),
    });
  },
};
