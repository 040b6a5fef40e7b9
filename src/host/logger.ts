/** The logs of the services: JSON lines on standard error, so that standard output stays the CLI's. */

/** Of a request that cannot be parsed, Fastify tells at `trace` all that came, and with it every credential. */
const REDACT = { paths: ['err.rawPacket'], remove: true };

export function logger(level: string, name: string) {
  return { level, base: { name, pid: process.pid }, redact: REDACT, stream: process.stderr };
}
