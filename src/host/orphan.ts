/**
 * The nginx that a `latchkey up` leaves when it is killed by kill -9: it goes on, holds the port, and answers 503.
 * The next `up` on the same data folder stops it. Nothing else is ever stopped: it must be a master of nginx, with
 * the configuration that `up` writes, working in this data folder, and whoever started it must be gone.
 */

import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Where the rendered nginx.conf is and what it names, both in the data folder. */
export const NGINX_CONFIGURATION = 'run/nginx.conf';
const PID_FILE = 'run/nginx.pid';
/** Told by SIGTERM, nginx ends at once; a worker in the middle of a disk's wait may take longer. */
const STOP_MS = 10_000;
const POLL_MS = 20;

/** Answers with the process that it stopped. @throws when it does not end */
export async function stopOrphanedNginx(dataFolder: string): Promise<number | undefined> {
  const pid = orphanedNginx(dataFolder);
  if (pid === undefined) return undefined;
  const began = startOf(pid);
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + STOP_MS;
  // It removes its file before it lets the port go: only a process that has ended holds nothing.
  while (began !== undefined && startOf(pid) === began) {
    if (performance.now() > deadline) {
      throw new Error(`process ${pid}, the nginx of an 'up' that was killed, does not stop; kill it`);
    }
    await wait(POLL_MS);
  }
  return pid;
}

/** As /proc tells it; where there is none, or it belongs to somebody else, it is not known to be ours. */
function orphanedNginx(dataFolder: string): number | undefined {
  try {
    const folder = realpathSync(dataFolder);
    const pid = Number(readFileSync(join(folder, PID_FILE), 'utf8'));
    if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const isNginx =
      title.startsWith('nginx: master process ') && title.includes(` -c ${NGINX_CONFIGURATION} `);
    if (!isNginx || workingFolder(pid) !== folder) return undefined;
    // An `up` that lives works in the folder too.
    return workingFolder(parentOf(pid)) === folder ? undefined : pid;
  } catch {
    return undefined;
  }
}

/** `undefined`: the process has ended, or is another user's. */
function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/**
 * When it started, in ticks since the machine did: with its number, this names a process for good. `undefined`: it
 * has ended, also where nobody has asked how yet (a zombie holds no file and no port).
 */
function startOf(pid: number): string | undefined {
  try {
    // The name before the state may hold spaces and brackets of its own.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return /^[ZX]$/.test(fields?.[0] ?? 'X') ? undefined : fields?.[19];
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
