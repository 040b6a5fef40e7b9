/** export, and that import reads it: byte for byte the same again, for every name that a grant can have. */

import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { LATCHKEY, plainEnvironment } from '../nginx/running-site.js';
import { desk, resultOf } from './program.js';

const ODD = [
  'a b',
  ' at both ends ',
  'a,b',
  '"quoted"',
  '""',
  "it's",
  '%41%2F+%',
  '#?&=;',
  '=1+1',
  '-x',
  '@x',
  'null',
  '{"a":1}',
  '张伟',
  'café',
  'cafe\u0301',
  'عربي',
  '😀👩‍👩‍👧',
  '\uFEFFmark',
  'a\uFFFDb',
  'a\u2028b\u2029c',
  'a\u00a0b\u200bc\u202ed',
  '.hidden',
  '...',
  'x'.repeat(200),
  'é'.repeat(100),
];

const GRANTS = ODD.flatMap((name, i) => [
  { principal: `user:${name}`, path: `/${name}/${name}`, action: 'read', effect: 'allow' },
  { principal: `group:${name}`, path: `/${name}/`, action: 'write', effect: i % 2 === 0 ? 'deny' : 'allow' },
]);
const WINDOWS = [
  { principal: 'anyone', path: '/', action: 'read', effect: 'deny', notBefore: '0000-01-01T00:00:00.000Z' },
  {
    principal: 'authenticated',
    path: '/',
    action: 'manage',
    effect: 'allow',
    expiresAt: '9999-12-31T23:59:59.999Z',
  },
  {
    principal: 'user:a',
    path: '/',
    action: 'manage',
    effect: 'allow',
    notBefore: '2027-01-31T12:00:00.001Z',
    expiresAt: '2027-01-31T12:00:00.002Z',
  },
];

t.test('what is exported is imported again as it was, in both formats', async (t) => {
  const { run, folder } = await desk(t);
  const all = [...GRANTS, ...WINDOWS];
  const given = all.map((grant) => `${JSON.stringify(grant)}\n`).join('');
  t.match(
    (await run('import -', { stdin: given })).stdout,
    new RegExp(`^imported: ${all.length} added, 0 replaced`),
  );
  const [csv, jsonl, json] = await Promise.all([
    run('export'),
    run('export --format jsonl'),
    run('export --json'),
  ]);
  t.same([csv.code, csv.stderr, jsonl.code, jsonl.stderr], [0, '', 0, '']);
  t.equal(json.stdout, jsonl.stdout, '--json is JSON Lines');
  const sorted = (text: string) => text.trimEnd().split('\n').sort();
  const parsed = (text: string) => sorted(text).map((line) => JSON.parse(line) as Record<string, unknown>);
  const keyOf = (grant: Record<string, unknown>) => JSON.stringify(Object.entries(grant).sort());
  t.same(
    parsed(jsonl.stdout).map(keyOf).sort(),
    all.map(keyOf).sort(),
    'nothing is lost, nothing is changed',
  );
  for (const [name, { stdout }] of Object.entries({ csv, jsonl })) {
    const env = { LATCHKEY_DATA: `${folder}/from-${name}` };
    t.match(
      (await run('import -', { stdin: stdout, env })).stdout,
      new RegExp(`^imported: ${all.length} added`),
    );
    t.equal((await run('export', { env })).stdout, csv.stdout, `${name} → CSV`);
    t.equal((await run('export --format jsonl', { env })).stdout, jsonl.stdout, `${name} → JSON Lines`);
  }
});

t.test('an empty store exports what import takes', async (t) => {
  const { run } = await desk(t);
  t.equal((await run('export')).stdout, 'principal,action,path,effect,notBefore,expiresAt\n');
  t.equal((await run('export --format jsonl')).stdout, '');
});

t.test('a reader that has had enough is no error, a full disk is', async (t) => {
  const { run, folder, dataFolder } = await desk(t);
  const rows = Array.from({ length: 20_000 }, (_, i) => `user:u${i},read,/many/${i}\n`).join('');
  await run('import -', { stdin: `principal,action,path\n${rows}` });
  writeFileSync(
    `${folder}/export`,
    `#!/bin/sh\nexec ${LATCHKEY.file} ${LATCHKEY.args.join(' ')} export "$@"\n`,
  );
  chmodSync(`${folder}/export`, 0o755);
  const shell = (script: string) =>
    resultOf(
      spawn('bash', ['-c', `set -o pipefail; ${script}`], {
        cwd: folder,
        env: plainEnvironment({ LATCHKEY_DATA: dataFolder }),
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  const head = await shell('./export | head -n 2');
  const stdout = 'principal,action,path,effect,notBefore,expiresAt\nuser:u0,read,/many/0,allow,,\n';
  t.same(head, { code: 0, signal: null, stdout, stderr: '' });
  const none = await shell('./export --json | true');
  t.same([none.code, none.stderr], [0, '']);
  const full = await shell('./export > /dev/full');
  t.same([full.code, full.stdout], [3, '']);
  t.match(
    full.stderr,
    'latchkey: standard output cannot be written: ENOSPC: no space left on device, write\n',
  );
});
