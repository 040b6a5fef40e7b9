// `node scripts/ready.mjs SOCKET`: exits 0 when the service that listens there can do its work (GET /readyz).
// For a container's health check: the image has no curl.
import { request } from 'node:http';

const TIMEOUT_MS = 2_000;
const [socketPath] = process.argv.slice(2);
if (socketPath === undefined) throw new Error('usage: node ready.mjs SOCKET');

const asked = request({ socketPath, path: '/readyz', timeout: TIMEOUT_MS }, (answer) => {
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
  answer.resume();
});
asked.on('timeout', () => asked.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
asked.on('error', (error) => {
  console.error(`${socketPath}: ${error.message}`);
  process.exitCode = 1;
});
asked.end();
