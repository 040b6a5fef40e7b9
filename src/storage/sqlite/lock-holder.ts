/**
 * Which process holds SQLite's write lock: what an operator needs to know whose command was told that the store is
 * busy. From Linux's /proc; elsewhere, and for a process in another container, it is not known.
 */

import { readFileSync, statSync } from 'node:fs';
import { withoutPassword } from '../postgres/address.js';

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
  return shownWords(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
}

/** Of a command line as the kernel has it. A password that stands there, against all advice, is not passed on. */
export function shownWords(commandLine: string): string {
  const words = commandLine.split('\0').map(shown).join(' ').trim();
  return words.length > WORDS_LENGTH_MAX ? `${words.slice(0, WORDS_LENGTH_MAX)}…` : words;
}

function shown(word: string): string {
  const url = word.search(/postgres(?:ql)?:\/\//);
  return url === -1 ? word : word.slice(0, url) + withoutPassword(word.slice(url));
}
