/** The logs of the services: JSON lines on standard error, so that standard output stays the CLI's. */

import type { Logger } from '../http/server-options.js';

export function logger(level: string, name: string): Logger {
  return { level, base: { name, pid: process.pid }, stream: process.stderr };
}
