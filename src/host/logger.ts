/** The logs of the services: JSON lines on standard error, so that standard output stays the CLI's. */

export function logger(level: string, name: string) {
  return { level, base: { name, pid: process.pid }, stream: process.stderr };
}
