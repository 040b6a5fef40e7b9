/** That an authorizer loads nothing of the files service: half of its start would be modules that it never uses. */

import { execFileSync } from 'node:child_process';
import t from 'tap';

const SERVICE = new URL('../../dist/assembly/authorizer-service.js', import.meta.url);
const LOADED = `
  import { registerHooks } from 'node:module';
  const urls = [];
  registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
  await import(process.argv[1]);
  console.log(JSON.stringify(urls));`;

t.test('what is loaded with it', async (t) => {
  const args = ['--input-type=module', '-e', LOADED, SERVICE.href];
  const told = execFileSync(process.execPath, args, { encoding: 'utf8' });
  const urls = JSON.parse(told) as readonly string[];
  t.ok(urls.includes(new URL('../http/authorize.js', SERVICE).href));
  const others =
    /\/node_modules\/(?:typebox|@fastify\/multipart|@tus|pg|ioredis)\/|\/http\/(?:files-app|tus|shares)/;
  t.same(
    urls.filter((url) => others.test(url)),
    [],
  );
});
