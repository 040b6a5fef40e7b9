/** The nginx program of this machine: where it is, and where its types of files are. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface NginxProgram {
  readonly program: string;
  readonly mimeTypes: string;
}

/** @throws when there is none, with what to install */
export function findNginx(wanted: string): NginxProgram {
  // Debian's is in /usr/sbin, which is not in an ordinary user's PATH. A path is made absolute, since the
  // working directory will be another one.
  for (const program of wanted.includes('/') ? [resolve(wanted)] : [wanted, `/usr/sbin/${wanted}`]) {
    const { error, stderr } = spawnSync(program, ['-V'], { encoding: 'utf8' });
    if (error !== undefined) continue;
    // realip has the variable by which a proxy's address is told from the visitor's.
    for (const needed of ['auth_request', 'realip']) {
      if (stderr.includes(`http_${needed}_module`)) continue;
      throw new Error(`${program} was built without the ${needed} module; install Debian's nginx-light`);
    }
    const configuration = /--conf-path=(\S+)/.exec(stderr)?.[1] ?? '/etc/nginx/nginx.conf';
    const mimeTypes = join(dirname(configuration), 'mime.types');
    if (!existsSync(mimeTypes))
      throw new Error(`${program} has no ${mimeTypes}; install Debian's nginx-common`);
    return { program, mimeTypes };
  }
  throw new Error(
    `there is no program '${wanted}': install it (apt-get install nginx-light), or set LATCHKEY_NGINX`,
  );
}

/**
 * Lets nginx itself try the configuration and the address, once and before anything runs: started, it would only
 * fail again and again.
 *
 * @throws with the first thing that nginx says
 */
export function refuseBad(program: string, args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(program, ['-t', ...args], { encoding: 'utf8' });
  if (status === 0) return;
  const said = /\[emerg\] (?:\d+#\d+: )?(.*)/.exec(stderr)?.[1] ?? error?.message ?? stderr.trim();
  throw new Error(`nginx cannot run: ${said}`);
}
