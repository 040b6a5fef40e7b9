/** Secrets as text: with and without key ids, and what is none, above all a public key in whatever form. */

import { execFileSync } from 'node:child_process';
import t from 'tap';
import { formatSecrets, KeyProblem, parseSecrets, secretProblem } from '../../src/credentials/secret-text.js';
import { der, ecPair, edPair, jwk, pem, rsaPair } from './forge.js';

const A = 'a'.repeat(32);
const B = 'b'.repeat(64);

t.test('one secret, or lines of a key id and a secret', async (t) => {
  const table = [
    [A, [[undefined, A]]],
    [`  ${A}\n\n`, [[undefined, A]]],
    [`new ${A}`, [['new', A]]],
    [
      `new ${A}\r\nold\t${B}\n`,
      [
        ['new', A],
        ['old', B],
      ],
    ],
    [
      `new ${A}\n${B}`,
      [
        ['new', A],
        [undefined, B],
      ],
    ],
    [
      'a passphrase, with spaces and é, of one line',
      [[undefined, 'a passphrase, with spaces and é, of one line']],
    ],
    [`2026-11-03_a.b ${A}`, [['2026-11-03_a.b', A]]],
    // The first word of a passphrase of two is not a key id where it could be none.
    [`é ${A}`, [[undefined, `é ${A}`]]],
    [`${'i'.repeat(65)} ${A}`, [[undefined, `${'i'.repeat(65)} ${A}`]]],
  ] as const;
  for (const [text, secrets] of table) {
    const parsed = parseSecrets(text);
    t.same(
      parsed.map(({ id, secret }) => [id, secret]),
      secrets,
      JSON.stringify(text),
    );
    t.same(parseSecrets(formatSecrets(parsed)), parsed, 'and written, it reads the same');
  }
});

t.test('what cannot be used is said without the secret', async (t) => {
  const table = [
    ['', 'holds no secret'],
    [' \n\n', 'holds no secret'],
    ['short', "has 5 bytes; at least 32 are needed ('openssl rand -hex 32')"],
    [`new ${A}\nold short`, "in its line 2 has 5 bytes; at least 32 are needed ('openssl rand -hex 32')"],
    [`a ${A}\na ${B}`, 'has two secrets of one key id'],
    [`${A}\n${B}`, 'has two secrets of one key id'],
    [Array.from({ length: 17 }, (_, i) => `k${i} ${A}`).join('\n'), 'holds more than 16 secrets'],
  ] as const;
  for (const [text, message] of table) t.throws(() => parseSecrets(text), new KeyProblem(message));
});

t.test('a public key is no secret, in any form that we could think of', async (t) => {
  const folder = t.testdir();
  const certificate = execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=latchkey', '-days', '1'],
      ...['-keyout', `${folder}/key.pem`],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  ).toString();
  const pairs = { RSA: rsaPair(), EC: ecPair(), Ed25519: edPair() };
  const forms = Object.entries(pairs).flatMap(([name, pair]) =>
    Object.entries({
      PEM: pem(pair),
      'PEM in one line': pem(pair).replaceAll('\n', '\\n'),
      'PEM behind a word': `key: ${pem(pair)}`,
      'PEM in base64': Buffer.from(pem(pair)).toString('base64'),
      'PEM without its lines': pem(pair).replace(/-----[^-]+-----|\n/g, ''),
      'DER in base64': der(pair).toString('base64'),
      'DER in base64url': der(pair).toString('base64url'),
      'DER in hexadecimal': der(pair).toString('hex'),
      JWK: JSON.stringify(jwk(pair)),
      'JWK in lines': JSON.stringify(jwk(pair), null, 2),
      'a JWK set': JSON.stringify({ keys: [jwk(pair)] }),
      'a list of JWKs': JSON.stringify([jwk(pair)]),
      'a private JWK': JSON.stringify(pair.privateKey.export({ format: 'jwk' })),
    }).map(([form, text]) => [`${name}: ${form}`, text] as const),
  );
  const more = {
    'RSA: PKCS #1': der(pairs.RSA, 'pkcs1').toString('base64'),
    'a certificate': certificate,
    'a certificate as in x5c': certificate.replace(/-----[^-]+-----|\n/g, ''),
    ssh: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000',
    'ssh ECDSA': `ecdsa-sha2-nistp256 ${A}`,
  };
  for (const [name, text] of [...forms, ...Object.entries(more)]) {
    t.throws(() => parseSecrets(text), { message: /^is a public key, which everybody may know; / }, name);
  }
  for (const secret of [
    '{"a secret": "that looks like JSON, of 32 bytes"}',
    '[1,2,3,4,5,6,7,8,9,10,11,12,13,14]',
    B,
  ]) {
    t.equal(secretProblem(secret), undefined, secret);
  }
});
