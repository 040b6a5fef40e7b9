/**
 * Tokens that would like to be alice's, by what their header says, and by the form in which they come. Each has a
 * good twin, made in the same way without the flaw.
 */

import { deflateRawSync } from 'node:zlib';
import { base64url, der, forge, hmac, jwk, type Part, rsa, rsaPair } from '../credentials/forge.js';
import { CLAIMS, GOOD, NEW, parts, refused, type TokenCase } from './token-site.js';

/** The same tokens with another header, properly signed by the newest secret. */
function headers(flaw: string, bad: readonly Part[]): readonly TokenCase[] {
  const tokens = bad.map((header) => {
    const part = typeof header === 'string' ? header : { alg: 'HS256', kid: '2026-11', ...header };
    const name = `${flaw}: ${typeof header === 'string' ? header : JSON.stringify(header)}`.slice(0, 90);
    return [name, forge(part, CLAIMS, hmac(NEW))] as const;
  });
  return refused('HS256', Object.fromEntries(tokens));
}

function broughtKeys(elsewhere: string): readonly TokenCase[] {
  const own = rsaPair();
  const ownKey = jwk(own, { kid: 'own' });
  const x5c = [der(own).toString('base64')];
  const brought: readonly (readonly [string, Part & object])[] = [
    ['jwk', { jwk: ownKey }],
    ['jwk and its kid', { jwk: ownKey, kid: 'own' }],
    ['jwk and a known kid', { jwk: ownKey, kid: 'rsa-1' }],
    ['jku', { jku: `${elsewhere}/keys`, kid: 'own' }],
    ['jku and a known kid', { jku: `${elsewhere}/keys`, kid: 'rsa-1' }],
    ['x5u', { x5u: `${elsewhere}/certificate` }],
    ['x5c', { x5c }],
    ['x5c and a known kid', { x5c, kid: 'rsa-1' }],
    ['x5t', { x5t: 'AAAA', 'x5t#S256': 'AAAA', x5c }],
    ['a URL for a kid', { kid: `${elsewhere}/keys` }],
    [
      'all of them',
      { jwk: ownKey, jku: `${elsewhere}/keys`, x5u: `${elsewhere}/certificate`, x5c, kid: 'own' },
    ],
  ];
  return refused(
    'RS256',
    Object.fromEntries(
      brought.map(([name, more]) => [
        `a key of its own: ${name}`,
        forge({ alg: 'RS256', ...more }, CLAIMS, rsa(own)),
      ]),
    ),
  );
}

function keyIds(): readonly TokenCase[] {
  const near = [
    '2026-1',
    '2026-111',
    ' 2026-11',
    '2026-11 ',
    '2026-11\0',
    '2026-11\n',
    '2026‐11',
    '2026-11/',
    '2026-11,2026-08',
  ];
  const hostile = [
    '/dev/null',
    '../../../../dev/null',
    '../secret',
    'file:///etc/passwd',
    "x' OR '1'='1",
    "' UNION SELECT 'a' --",
    '$(id)',
    '|id',
    '%00',
    '*',
    '.*',
    'x'.repeat(256),
    'x'.repeat(257),
    'x'.repeat(5000),
  ];
  const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0'];
  const odd: readonly unknown[] = ['', null, 0, 7, true, ['2026-11'], { toString: '2026-11' }, [], {}];
  const byAttacker = [...hostile, ...inherited].flatMap((kid) =>
    ['', '\0', 'undefined'].map((secret) => {
      const name = `kid ${JSON.stringify(kid).slice(0, 40)} (${kid.length}), by the secret ${JSON.stringify(secret)}`;
      return [name, forge({ alg: 'HS256', kid }, CLAIMS, hmac(secret))] as const;
    }),
  );
  return [
    ...headers(
      'kid',
      [...near, ...hostile, ...inherited, ...odd].map((kid) => ({ kid })),
    ),
    ...refused('HS256', Object.fromEntries(byAttacker)),
  ];
}

function headerMembers(): readonly TokenCase[] {
  const kid = '"kid":"2026-11"';
  return [
    ...headers('crit', [
      ...[
        ['exp'],
        ['b64'],
        ['x'],
        ['alg'],
        [],
        [7],
        [null],
        ['x', 'x'],
        'exp',
        '',
        null,
        0,
        false,
        true,
        {},
      ].map((crit) => ({ crit, x: 1 })),
      { crit: ['b64'], b64: false },
      { crit: ['b64'], b64: true },
    ]),
    ...headers(
      'typ',
      [
        'logout+jwt',
        'dpop+jwt',
        'secevent+jwt',
        'application/logout+jwt',
        'JWE',
        'JWT ',
        '',
        null,
        7,
        ['JWT'],
        {},
      ].map((typ) => ({ typ })),
    ),
    ...headers('a member twice', [
      `{"alg":"HS256","alg":"none",${kid}}`,
      `{"alg":"HS256","alg":"RS256",${kid}}`,
      `{"alg":"HS256",${kid},"kid":"2026-08"}`,
      `{"alg":"HS256",${kid},"kid":null}`,
      `{"alg":"HS256",${kid},"typ":"JWT","typ":"logout+jwt"}`,
    ]),
    ...headers('no object', [
      '[]',
      'null',
      '"HS256"',
      '1',
      '',
      ' ',
      '{',
      `{"alg":"HS256",${kid}`,
      `[{"alg":"HS256",${kid}}]`,
      `\ufeff{"alg":"HS256",${kid}}`,
    ]),
  ];
}

function serialisations(): readonly TokenCase[] {
  const [header, claims, signature] = parts('HS256');
  const secretly = base64url({ alg: 'dir', enc: 'A256GCM', kid: '2026-11' });
  const flat = { protected: header, payload: claims, signature };
  const raw = '{"sub":"alice"}';
  const zipped = deflateRawSync(JSON.stringify(CLAIMS));
  const zip = base64url({ alg: 'HS256', kid: '2026-11', zip: 'DEF' });
  const zippedInput = `${zip}.${zipped.toString('base64url')}`;
  const bare = base64url({ alg: 'HS256', kid: '2026-11', b64: false });
  const sign = (input: string) => `${input}.${hmac(NEW)(input).toString('base64url')}`;
  const signedStandard = hmac(NEW)(`${header}.${claims}`).toString('base64');
  const long = sign(`${header}.${base64url({ ...CLAIMS, pad: 'x'.repeat(6300) })}`);
  return [
    ...refused('HS256', {
      'a JWE': `${secretly}..${'A'.repeat(16)}.${claims}.${'A'.repeat(22)}`,
      'a JWE with a key': `${base64url({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: 'rsa-1' })}.${'A'.repeat(342)}.${'A'.repeat(16)}.${claims}.${'A'.repeat(22)}`,
      'a JWS in JSON': JSON.stringify(flat),
      'a JWS in general JSON': JSON.stringify({
        payload: claims,
        signatures: [{ protected: header, signature }],
      }),
      'a JWS in JSON, encoded': base64url(flat),
      'a detached payload': `${header}..${signature}`,
      'an empty payload, signed': sign(`${header}.`),
      'four parts': `${GOOD.HS256}.${signature}`,
      'a dot behind': `${GOOD.HS256}.`,
      'a dot before': `.${GOOD.HS256}`,
      'two tokens': `${GOOD.HS256}${GOOD.HS256}`,
      'two parts': `${header}.${claims}`,
      padding: `${GOOD.HS256}=`,
      'padding in the header': `${header}=.${claims}.${signature}`,
      'a line within': `${header}.${claims.slice(0, 20)}%0a${claims.slice(20)}.${signature}`,
      'a tab within': `${header}.\t${claims}.${signature}`,
      'the standard alphabet': `${header}.${claims}.${signedStandard.replace(/^./, '+').replace('=', '')}`,
      'the standard padding': `${header}.${claims}.${signedStandard}`,
      'a payload that is compressed': sign(zippedInput),
      'a payload that is not encoded': `${bare}.${raw}.${hmac(NEW)(`${bare}.${raw}`).toString('base64url')}`,
      'claims that are a list': sign(`${header}.${base64url(JSON.stringify([CLAIMS]))}`),
      'claims that are null': sign(`${header}.${base64url('null')}`),
      'claims that are text': sign(`${header}.${base64url('"alice"')}`),
      'claims that are a token': sign(`${header}.${base64url(GOOD.HS256)}`),
      'claims cut short': sign(`${header}.${base64url(JSON.stringify(CLAIMS).slice(0, -1))}`),
      'claims of 10,000 brackets': sign(`${header}.${base64url('['.repeat(4000))}`),
      'quotes around it': `"${GOOD.HS256}"`,
    }),
    { name: 'more than 8 KiB', bad: long, good: GOOD.HS256, status: 400 },
  ];
}

/** @param elsewhere the URL of an attacker's server, which must never be asked */
export function headerCases(elsewhere: string): readonly TokenCase[] {
  return [broughtKeys(elsewhere), keyIds(), headerMembers(), serialisations()].flat();
}
