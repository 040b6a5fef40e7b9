/**
 * The signers of docs/links.md, as they stand there, in their own languages, make the tokens of vectors.json: and so
 * does ours. The vectors are for signers in any other language, too.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { signedPath } from '../../src/index.js';
import { isSignedBy, readSignedUrl, signUrl } from '../../src/links/signed-url.js';
import { path } from '../acl/given.js';

interface Vector {
  readonly keyId: string;
  readonly secret: string;
  readonly path: string;
  readonly now: number;
  readonly seconds: number;
  readonly id: string;
  readonly generation: number;
  readonly token: string;
}

const VECTORS = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
) as readonly Vector[];
const DOCUMENT = readFileSync(new URL('../../docs/links.md', import.meta.url), 'utf8');

/** What each language needs beside its function: to read the vectors and to print a token a line. */
const LANGUAGES = {
  python: {
    program: 'python3',
    package: 'python3',
    args: ['-c'],
    main: `
import json, sys
for v in json.load(sys.stdin):
    print(link_token(v["keyId"], v["secret"], v["path"], v["seconds"], v["id"], v["generation"], v["now"]))
`,
  },
  php: {
    program: 'php',
    package: 'php-cli',
    args: ['-r'],
    main: `
foreach (json_decode(file_get_contents('php://stdin'), true) as $v)
    echo link_token($v['keyId'], $v['secret'], $v['path'], $v['seconds'], $v['id'], $v['generation'], $v['now']), "\\n";
`,
  },
  ruby: {
    program: 'ruby',
    package: 'ruby',
    args: ['-e'],
    main: `
require "json"
JSON.parse($stdin.read).each do |v|
  puts link_token(v["keyId"], v["secret"], v["path"], v["seconds"], id: v["id"], generation: v["generation"], now: v["now"])
end
`,
  },
} as const;

t.test('ours makes the tokens of the vectors, and reads them', async (t) => {
  t.ok(VECTORS.length >= 12);
  for (const vector of VECTORS) {
    const covered = path(vector.path);
    const claims = {
      keyId: vector.keyId,
      path: covered,
      issuedAt: vector.now,
      expiresAt: vector.now + vector.seconds,
      id: vector.id,
      generation: vector.generation,
    };
    t.equal(signUrl(vector.secret, claims), vector.token, vector.path);
    const read = readSignedUrl(vector.token, vector.path.endsWith('/') ? path(`${vector.path}x`) : covered);
    t.ok(read !== undefined && isSignedBy(vector.secret, read), 'and it is read back');
  }
});

for (const [name, { program, package: debian, args, main }] of Object.entries(LANGUAGES)) {
  t.test(`${name} makes them, too`, async (t) => {
    const code = new RegExp(`\`\`\`${name}\\n([\\s\\S]*?)\`\`\``).exec(DOCUMENT)?.[1];
    t.ok(code, 'docs/links.md has it');
    const { stdout, stderr, error } = spawnSync(program, [...args, `${code}${main}`], {
      input: JSON.stringify(VECTORS),
      encoding: 'utf8',
    });
    t.equal(error, undefined, `${program} runs (apt-get install ${debian})`);
    t.same([stdout.trim().split('\n'), stderr], [VECTORS.map(({ token }) => token), '']);
  });
}

t.test('TypeScript: a back end imports the package', async (t) => {
  const code = /```ts\n([\s\S]*?)```/.exec(DOCUMENT)?.[1] ?? '';
  t.match(code, "from 'latchkey'", 'docs/links.md has it');
  const main = `const secret = '${'x'.repeat(32)}';\n${code}\nconsole.log(url);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', main], {
    encoding: 'utf8',
    env: {},
  });
  t.equal(stderr, '');
  t.match(stdout, /^\/files\/team\/plan\.pdf\?lk=1\.k1\.read\.f\.\d+\.\d+\.[\w-]{12}\.0\.[\w-]{43}\n$/);
  t.ok(existsSync(new URL('../../dist/index.d.ts', import.meta.url)), 'and has its types');
});

t.test('the package’s signer makes a whole URL of a file, or of a file by a folder above it', async (t) => {
  const given = { keyId: 'k1', secret: 'x'.repeat(32), seconds: 60, id: 'abc', now: 1_800_000_000_000 };
  t.match(
    signedPath({ ...given, path: '/a b/ü?.pdf' }),
    /^\/files\/a%20b\/%C3%BC%3F\.pdf\?lk=1\.k1\.read\.f\.1800000000\.1800000060\.abc\.0\.[\w-]{43}$/,
  );
  t.match(
    signedPath({ ...given, path: '/a/b/c', folder: '/a/', mount: '/media/', generation: 2 }),
    /^\/media\/a\/b\/c\?lk=1\.k1\.read\.d1\.1800000000\.1800000060\.abc\.2\./,
  );
  const { id: _, ...unnamed } = given;
  t.not(
    signedPath({ ...unnamed, path: '/a' }),
    signedPath({ ...unnamed, path: '/a' }),
    'each has an id of its own',
  );
  t.throws(() => signedPath({ ...given, path: 'a' }), /no resource path: it does not begin with \//);
  t.throws(() => signedPath({ ...given, path: '/a/b', folder: '/c/' }), /no folder above/);
  t.throws(() => signedPath({ ...given, path: '/a/b', folder: '/a' }), /no folder above/);
});
