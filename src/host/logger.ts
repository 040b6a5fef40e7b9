/** The logs of the services: JSON lines on standard error, so that standard output stays the CLI's. */

/** Of a request that cannot be parsed, Fastify tells at `trace` all that came, and with it every credential. */
const REDACT = { paths: ['err.rawPacket'], remove: true };

/** Where a resumable upload lies, in an error of the disk: of one that nobody signed in for, the id is its secret. */
const UPLOAD_ID = /\/tus\/[0-9a-f]{32}/g;

export function logger(level: string, name: string) {
  const stream = {
    write: (line: string) => void process.stderr.write(line.replace(UPLOAD_ID, '/tus/-')),
  };
  return { level, base: { name, pid: process.pid }, redact: REDACT, stream };
}
