/** The processes of this machine as /proc tells of them: whose children, and whether they are still there. */

import { readdirSync, readFileSync } from 'node:fs';

export interface Child {
  readonly pid: number;
  readonly words: readonly string[];
}

export function childrenOf(parent: number): readonly Child[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid).split(' ')[1] === String(parent))
    .map((pid) => ({ pid, words: readProc(pid, 'cmdline').split('\0') }));
}

/** The process itself, its children, and theirs. */
export function familyOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap((child) => familyOf(child.pid))];
}

export function isAlive(pid: number): boolean {
  return !/^(?:Z|$)/.test(statOf(pid));
}

/** The time of the processor that it has used, in hundredths of a second. */
export function ticksOf(pid: number): number {
  const [user, system] = statOf(pid).split(' ').slice(11, 13).map(Number);
  return (user ?? 0) + (system ?? 0);
}

/** The user that a process works as. */
export function userOf(pid: number): number {
  return Number(/^Uid:\t\d+\t(\d+)/m.exec(readProc(pid, 'status'))?.[1]);
}

/** What follows the name: the state, the parent, … */
function statOf(pid: number): string {
  return readProc(pid, 'stat').split(') ')[1] ?? '';
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
