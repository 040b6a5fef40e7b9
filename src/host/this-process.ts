/** How this process is told from others, on this machine and on others. */

import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Of this start of this machine, and of this container: whoever finds the same can ask for a process by its number.
 * Names of machines are no help, since those that were copied share theirs.
 */
export function processPlace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return `${hostname()} ${process.ppid} ${process.pid}`; // nobody else's
  }
}

/**
 * A file of this machine, since it was started: a lock of the file that the same words name is the same lock, whichever
 * container its holder is in.
 */
export function fileIdentity(file: string): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const { dev, ino } = statSync(file, { bigint: true });
    return `${boot} ${dev}:${ino}`;
  } catch {
    return randomUUID(); // nobody else's
  }
}

export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** For people. */
export function processName(role: string): string {
  return `${role}@${hostname()}:${process.pid}`;
}
