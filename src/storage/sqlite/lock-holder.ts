/**
 * Which process holds SQLite's write lock: what an operator needs to know whose command was told that the store is
 * busy. From Linux's /proc; elsewhere, and for a process in another container, it is not known.
 */

import { readFileSync, statSync } from 'node:fs';

/** The write lock is a lock on this byte of the -shm file (sqlite.org/walformat.html, section 2.3.1). */
const WAL_WRITE_LOCK = 120;
const WORDS_LENGTH_MAX = 200;

/** `process 4711 (node cli.js import grants.csv)`, or `undefined`. */
export function lockHolder(databaseFile: string): string | undefined {
  try {
    const { ino } = statSync(`${databaseFile}-shm`);
    // 1: POSIX  ADVISORY  WRITE 4711 fe:00:2196993 120 120
    const held = new RegExp(`^\\d+: POSIX +\\w+ +WRITE (\\d+) \\w+:\\w+:${ino} ${WAL_WRITE_LOCK} `, 'm');
    const [, pid] = held.exec(readFileSync('/proc/locks', 'utf8')) ?? [];
    if (pid === undefined || pid === '0') return undefined;
    return `process ${pid} (${wordsOf(pid)})`;
  } catch {
    return undefined;
  }
}

function wordsOf(pid: string): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  return words.length > WORDS_LENGTH_MAX ? `${words.slice(0, WORDS_LENGTH_MAX)}…` : words;
}
