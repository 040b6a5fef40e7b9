/** Tokens of a good key that are not alice's all the same: times, issuer, audience, subject, and what is said twice. */

import { forge, hmac } from '../credentials/forge.js';
import { AUDIENCE, CLAIMS, ISSUER, NOW_S, SITE, type TokenCase } from './token-site.js';

const HOUR = 3600;

/** Claims with some of them as they are written in JSON; `undefined` leaves one out. */
function token(odd: Readonly<Record<string, string | undefined>>): string {
  const all = {
    ...Object.fromEntries(Object.entries(CLAIMS).map(([name, value]) => [name, JSON.stringify(value)])),
    ...odd,
  };
  const written = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${JSON.stringify(name)}:${value}`],
  );
  return forge({ alg: 'HS256', kid: '2026-11' }, `{${written.join()}}`, hmac(SITE.secrets['2026-11']));
}

function odd(
  claim: string,
  values: readonly (string | undefined)[],
  twin: string,
  status: TokenCase['status'] = 401,
): readonly TokenCase[] {
  return values.map((value) => ({
    name: `${claim} ${value ?? 'missing'}`.slice(0, 80),
    bad: token({ [claim]: value }),
    good: token({ [claim]: twin }),
    status,
  }));
}

const NO_NUMBERS = [
  'null',
  'true',
  '""',
  `"${NOW_S + HOUR}"`,
  '[]',
  `[${NOW_S + HOUR}]`,
  '{}',
  '1e309',
  '-1e309',
  'NaN',
  'Infinity',
  '0x7fffffff',
];

const TIMES = [
  ...odd(
    'exp',
    [...NO_NUMBERS, undefined, '0', '-1', `${NOW_S}`, `${NOW_S - 1}.999`, `-${NOW_S + HOUR}`],
    `${NOW_S + HOUR}.5`,
  ),
  ...odd(
    'exp',
    [`${(NOW_S + HOUR) * 1000}`, '1e15', `${NOW_S + 11 * 366 * 24 * HOUR}`],
    `${NOW_S + 9 * 366 * 24 * HOUR}`,
  ),
  ...odd('nbf', [...NO_NUMBERS, `${NOW_S + 600}`, `${(NOW_S - HOUR) * 1000}`, '1e15'], `${NOW_S + 4}`),
  ...odd('iat', NO_NUMBERS, '-1'),
];

const quoted = (value: string) => JSON.stringify(value);
const NO_TEXTS = ['null', '""', '7', 'true', '{}', '[]', '[null]'];

const ISSUERS = odd(
  'iss',
  [
    ...NO_TEXTS,
    undefined,
    quoted([ISSUER].join()).replace('id.', 'idx'),
    `[${quoted(ISSUER)}]`,
    `["https://evil.example",${quoted(ISSUER)}]`,
    `{"toString":${quoted(ISSUER)}}`,
    ...[
      `${ISSUER}/`,
      ISSUER.slice(0, -1),
      `${ISSUER}x`,
      ISSUER.toUpperCase(),
      ` ${ISSUER}`,
      `${ISSUER}\0`,
      'https://id.example',
      'https://idxexample/realms/site',
      '.*',
      `${ISSUER}@evil.example`,
    ].map(quoted),
  ],
  quoted(ISSUER),
);

const AUDIENCES = odd(
  'aud',
  [
    ...NO_TEXTS,
    undefined,
    '["other"]',
    '["FILES"]',
    '[["files"]]',
    `["files",7]`,
    '{"0":"files"}',
    ...['Files', 'files/', 'file', 'filesx', ' files', 'f.les', '.*', 'files,other', 'fi\u200bles'].map(
      quoted,
    ),
  ],
  `["other",${quoted(AUDIENCE)}]`,
);

/** Valid tokens of somebody whose name is near to alice's, or to somebody with more rights. */
const OTHERS = odd(
  'sub',
  [
    ...[
      '*',
      '%',
      '.',
      '..',
      '/',
      'anyone',
      'authenticated',
      'root',
      'undefined',
      'null',
      '__proto__',
      'user:alice',
      'group:eng',
    ],
    ...[
      'Alice',
      'ALICE',
      'alice ',
      ' alice',
      'alice/',
      '../alice',
      './alice',
      'alice/../alice',
      'alice%00',
      '%61lice',
      'alice,bob',
    ],
    ...[
      '\u0430lice',
      'al\u0131ce',
      'alice\u200b',
      'alice\u202e',
      '\uff41lice',
      'álice',
      'a\u0301lice',
      'alice\ufeff',
      '{user}',
    ],
  ].map(quoted),
  quoted('alice'),
  403,
);

const SUBJECTS = odd(
  'sub',
  [
    ...NO_TEXTS,
    undefined,
    '["alice"]',
    '{"a":"alice"}',
    '"\\ud800"',
    ...[
      'alice\0',
      '\0alice',
      'alice\n',
      'alice\r\nX-Latchkey-Serve: yes',
      'alice\u007f',
      'alice\u0085',
      'x'.repeat(300),
    ].map(quoted),
  ],
  quoted('alice'),
);

/** The last of two counts, as everywhere in JSON. */
const TWICE: readonly TokenCase[] = [
  {
    name: 'sub twice',
    bad: token({ sub: '"alice","sub":"bob"' }),
    good: token({ sub: '"bob","sub":"alice"' }),
    status: 403,
  },
  {
    name: 'exp twice',
    bad: token({ exp: `${NOW_S + HOUR},"exp":1` }),
    good: token({ exp: `1,"exp":${NOW_S + HOUR}` }),
    status: 401,
  },
  {
    name: 'iss twice',
    bad: token({ iss: `${quoted(ISSUER)},"iss":"x"` }),
    good: token({ iss: `"x","iss":${quoted(ISSUER)}` }),
    status: 401,
  },
  {
    name: 'exp in __proto__',
    bad: token({ exp: undefined, __proto__: undefined, x: `1,"__proto__":{"exp":${NOW_S + HOUR}}` }),
    good: token({}),
    status: 401,
  },
  {
    name: 'sub in __proto__',
    bad: token({ sub: undefined, x: '1,"__proto__":{"sub":"alice"}' }),
    good: token({}),
    status: 401,
  },
  {
    name: 'a group in __proto__',
    bad: token({ sub: '"bob"', x: '1,"__proto__":{"groups":["eng"]}' }),
    good: token({}),
    status: 403,
  },
];

export const CLAIM_CASES: readonly TokenCase[] = [
  ...TIMES,
  ...ISSUERS,
  ...AUDIENCES,
  ...OTHERS,
  ...SUBJECTS,
  ...TWICE,
];
