/** Every setting with what it is when nobody sets it, values that it takes, and values that it refuses. */

import { type Case, CREDENTIAL_SETTINGS, NEEDED, SECRET, WORD } from './credential-setting-cases.js';

export { NEEDED, SECRET } from './credential-setting-cases.js';

/** A secret in one word, as it stands behind its key id. */
const ONE_WORD = 'x'.repeat(32);
const LINK_KEYS = "takes lines of KEY-ID SECRET, where the id has up to 64 letters, digits, '_' and '-'";
const COUNT = (text: string) => `takes a whole number from 1 to 999999, not '${text}'`;
const DURATION = (text: string) => `takes a duration such as 30m, 8h or 7d, not '${text}'`;
const SIZE = 'takes a size such as 64m or 10g';
export const PREFIX = "takes a prefix such as /files/ of letters, digits, '.', '_', '~', '-'";
const HOME = 'takes a folder such as /users/{user}/';
const DATABASE = 'takes sqlite:FILE, such as sqlite:latchkey.db, or postgres://USER@HOST/DATABASE';
const POSTGRES = 'takes a URL of PostgreSQL:';
const POSTGRES_URLS = [
  'postgres://latchkey@db.example/latchkey',
  'postgresql://latchkey:a%2Fb@db.example:5433/site?schema=files&sslmode=verify-full',
  'postgres://latchkey@/latchkey?host=/run/postgresql',
  'postgres:///latchkey',
];
const LEVELS = 'takes trace, debug, info, warn, error, fatal, silent';

export const SETTINGS: Readonly<Record<string, Case>> = {
  LATCHKEY_DATA: {
    read: (config) => config.dataFolder,
    initial: `${process.cwd()}/data`,
    good: { '/srv/latchkey': '/srv/latchkey', here: `${process.cwd()}/here`, '/a/../b/': '/b' },
    bad: {},
  },
  LATCHKEY_DATABASE_URL: {
    read: (config) => config.database,
    initial: { kind: 'sqlite', file: 'latchkey.db' },
    good: {
      'sqlite:other.db': { kind: 'sqlite', file: 'other.db' },
      'sqlite:/var/lib/x.db': { kind: 'sqlite', file: '/var/lib/x.db' },
      ...Object.fromEntries(POSTGRES_URLS.map((url) => [url, { kind: 'postgres', url }])),
    },
    bad: {
      'sqlite:': DATABASE,
      'sqlite://x.db': DATABASE,
      'latchkey.db': DATABASE,
      'mysql://host/db': DATABASE,
      'postgres://me:pass/word@host/db': `${POSTGRES} it cannot be read; what is special in a name or a password stands in it as %XX`,
      'postgres://me:12#word@host/db': `${POSTGRES} it cannot be read; what is special in a name or a password stands in it as %XX`,
      'postgres://host/db?sslmode=require': `${POSTGRES} its sslmode= takes disable, no-verify, verify-full`,
      'postgres://host/db?sslmode=verify-full&sslmode=disable': `${POSTGRES} it has the same word behind its ? twice`,
      'postgres://host/db?port=db': `${POSTGRES} its port= takes a number from 1 to 65535`,
      'postgres://host/db?port=65536': `${POSTGRES} its port= takes a number from 1 to 65535`,
      'postgres://host/db?schema=a b': `${POSTGRES} its schema= takes a name of a-z, 0-9 and _`,
    },
  },
  LATCHKEY_REDIS_URL: {
    read: (config) => config.redis?.hosts,
    initial: undefined,
    good: {
      'redis://:secret@r1:7000/3': [{ host: 'r1', port: 7000 }],
      'rediss+sentinel://r1,r2/main': [
        { host: 'r1', port: 26_379 },
        { host: 'r2', port: 26_379 },
      ],
    },
    bad: {
      'http://r1':
        'takes redis://HOST:PORT, rediss://, redis+sentinel://HOST,HOST/MASTER or redis+cluster://HOST,HOST',
      'redis://:secret@r1/x': 'ends in the number of a database, such as /0',
    },
  },
  LATCHKEY_STALENESS_MAX_MS: {
    read: (config) => config.stalenessMaxMs,
    initial: 2_000,
    good: { '200': 200, '60000': 60_000 },
    bad: Object.fromEntries(
      ['199', '60001', '2s', '-1', '1e3'].map((text) => [
        text,
        `takes milliseconds, from 200 to 60000, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_ROOT: {
    read: (config) => config.root,
    initial: 'store',
    good: { '/srv/site': '/srv/site', '/srv/site/': '/srv/site', '/a b': '/a b' },
    bad: { site: "takes an absolute path, not 'site'", './site': "takes an absolute path, not './site'" },
  },
  LATCHKEY_MOUNT: {
    read: (config) => config.mount,
    initial: '/files/',
    good: { '/media/': '/media/', '/a/b-c_d.e~f/': '/a/b-c_d.e~f/' },
    bad: Object.fromEntries(
      [
        '/',
        'media',
        '/media',
        'media/',
        '//',
        '/a//b/',
        '/../',
        '/a b/',
        '/é/',
        '/a%20b/',
        '/a;b/',
        '/{x}/',
      ].map((text) => [text, `${PREFIX}, not '${text}'`]),
    ),
  },
  LATCHKEY_PARTIAL: {
    read: (config) => config.partialFolder,
    initial: 'partial',
    good: { '/srv/partial': '/srv/partial' },
    bad: { partial: "takes an absolute path, not 'partial'" },
  },
  LATCHKEY_USER: {
    read: (config) => config.serviceUser,
    initial: undefined,
    good: { files: 'files' },
    bad: {},
  },
  ...CREDENTIAL_SETTINGS,
  LATCHKEY_LINK_SECRET: {
    read: (config) => config.links.keys,
    initial: undefined,
    good: {
      [`k1 ${ONE_WORD}\nk-0_ ${ONE_WORD}!`]: [
        { id: 'k1', secret: ONE_WORD },
        { id: 'k-0_', secret: `${ONE_WORD}!` },
      ],
    },
    bad: {
      [SECRET]: LINK_KEYS,
      [`k.1 ${ONE_WORD}`]: LINK_KEYS,
      'k1 short': `has 5 bytes; ${NEEDED}`,
      [`k1 ${ONE_WORD}\nk1 ${ONE_WORD}`]: 'has two secrets of one key id',
    },
  },
  LATCHKEY_LINK_LIFETIME: {
    read: (config) => config.links.lifetimeMs,
    initial: 604_800_000,
    good: { '90s': 90_000, '365d': 31_536_000_000 },
    bad: { '7': "takes a duration such as 30m, 8h or 7d, not '7'" },
  },
  LATCHKEY_LINK_LIFETIME_MAX: {
    read: (config) => config.links.lifetimeMsMax,
    initial: 31_536_000_000,
    good: { '7d': 604_800_000, '5200w': 3_144_960_000_000 },
    bad: { ever: "takes a duration such as 30m, 8h or 7d, not 'ever'" },
  },
  LATCHKEY_LINK_PREFIX: {
    read: (config) => config.links.prefix,
    initial: '/s/',
    good: { '/_latchkey/s/': '/_latchkey/s/', '/s/': '/s/' },
    bad: { '/s': `${PREFIX}, not '/s'`, '/': `${PREFIX}, not '/'`, 's/': `${PREFIX}, not 's/'` },
  },
  LATCHKEY_SIGNED_URL_LIFETIME_MAX: {
    read: (config) => config.links.signedUrlSecondsMax,
    initial: 604_800,
    good: { '90s': 90, '1d': 86_400 },
    bad: {
      '7': "takes a duration such as 30m, 8h or 7d, not '7'",
      '0s': "takes a duration such as 30m, 8h or 7d, not '0s'",
    },
  },
  LATCHKEY_LINK_LEASE: {
    read: (config) => config.links.leaseMs,
    initial: 21_600_000,
    good: { '90s': 90_000, '1d': 86_400_000 },
    bad: {
      '6': "takes a duration such as 30m, 8h or 7d, not '6'",
      '0s': "takes a duration such as 30m, 8h or 7d, not '0s'",
    },
  },
  LATCHKEY_ADMINS: {
    read: (config) => config.administrators,
    initial: [],
    good: { 'user:root, group:ops': ['user:root', 'group:ops'] },
    bad: Object.fromEntries(
      ['root', 'user:', 'anyone', 'authenticated', 'user:'].map((text) => [
        `user:root,${text}`,
        `takes user:NAME and group:NAME, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_HOME: {
    read: (config) => config.home,
    initial: { before: '/users/', after: '/' },
    good: { '/home/{user}/': { before: '/home/', after: '/' }, '': undefined },
    bad: Object.fromEntries(
      ['/users/', '/users/{user}', 'users/{user}/', '/{user}/{user}/', '/u-{user}/', '/../{user}/'].map(
        (text) => [text, `${HOME}, not '${text}'`],
      ),
    ),
  },
  LATCHKEY_CACHE_BYTES_MAX: {
    read: (config) => config.cacheBytesMax,
    initial: 67_108_864,
    good: { '16m': 16_777_216, '16777216': 16_777_216, '1G': 1_073_741_824 },
    bad: { '15m': "takes at least 16777216 bytes, not '15m'", much: `${SIZE}, not 'much'` },
  },
  LATCHKEY_UPLOAD_BYTES_MAX: {
    read: (config) => config.uploadBytesMax,
    initial: 10_737_418_240,
    good: { '1': 1, '512k': 524_288, '10M': 10_485_760, '2g': 2_147_483_648 },
    bad: Object.fromEntries(
      ['0', '-1', '1.5m', '10 m', '10t', 'm', '9999999999999999', '999999999999999g'].map((text) => [
        text,
        `${SIZE}, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_USER_BYTES_MAX: {
    read: (config) => config.uploadLimits.userLimits.bytesMax,
    initial: undefined,
    good: { '1': 1, '10g': 10_737_418_240 },
    bad: { '0': `${SIZE}, not '0'`, '-1': `${SIZE}, not '-1'` },
  },
  LATCHKEY_USER_FILES_MAX: {
    read: (config) => config.uploadLimits.userLimits.filesMax,
    initial: undefined,
    good: { '1': 1, '999999': 999_999 },
    bad: { '0': COUNT('0'), many: COUNT('many') },
  },
  LATCHKEY_USER_UPLOADS_MAX: {
    read: (config) => config.uploadLimits.userUploadsMax,
    initial: 20,
    good: { '1': 1 },
    bad: { '0': COUNT('0') },
  },
  LATCHKEY_FREE_SPACE_MIN: {
    read: (config) => config.uploadLimits.freeSpaceBytesMin,
    initial: 1_073_741_824,
    good: { '0': 0, '10g': 10_737_418_240 },
    bad: { '5%': `${SIZE}, not '5%'` },
  },
  LATCHKEY_UPLOAD_SPEED_MIN: {
    read: (config) => config.uploadLimits.speedMin,
    initial: 1_024,
    good: { '0': 0, '64k': 65_536 },
    bad: { fast: `${SIZE}, not 'fast'` },
  },
  LATCHKEY_UPLOAD_TIME_MAX: {
    read: (config) => config.uploadLimits.timeMaxMs,
    initial: 86_400_000,
    good: { '1h': 3_600_000 },
    bad: { '1': DURATION('1') },
  },
  LATCHKEY_RESUMABLE_LIFETIME: {
    read: (config) => config.resumable.lifetimeMs,
    initial: 259_200_000,
    good: { '90s': 90_000, '1d': 86_400_000 },
    bad: { '6': "takes a duration such as 30m, 8h or 7d, not '6'" },
  },
  LATCHKEY_RESUMABLE_MAX: {
    read: (config) => config.resumable.openMax,
    initial: 1_000,
    good: { '1': 1, '999999': 999_999 },
    bad: { '0': "takes a whole number from 1 to 999999, not '0'" },
  },
  LATCHKEY_FORM_FILES_MAX: {
    read: (config) => config.formFilesMax,
    initial: 100,
    good: { '1': 1, '999999': 999_999 },
    bad: Object.fromEntries(
      ['0', '-1', '1000000', '1.5', 'ten', '1e3'].map((text) => [
        text,
        `takes a whole number from 1 to 999999, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_TRASH_TIME: {
    read: (config) => config.trashTimeMs,
    initial: 2_592_000_000,
    good: { '0': 0, '1h': 3_600_000, '7d': 604_800_000 },
    bad: Object.fromEntries(
      ['-1', '30', '00', '1y', 'ever'].map((text) => [
        text,
        `takes a duration such as 30m, 8h or 7d, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_TRASH_BYTES_MAX: {
    read: (config) => config.trashBytesMax,
    initial: undefined,
    good: { '1': 1, '10g': 10_737_418_240 },
    bad: { '0': `${SIZE}, not '0'`, much: `${SIZE}, not 'much'` },
  },
  LATCHKEY_STORE_DIGESTS: {
    read: (config) => config.storeDigests,
    initial: false,
    good: { yes: true, no: false },
    bad: { on: "takes yes, no, not 'on'" },
  },
  LATCHKEY_UPLOAD_TYPES: {
    read: (config) => config.inspection.rules.allowed,
    initial: [],
    good: { 'image/*, Application/PDF': ['image/*', 'application/pdf'], 'image/svg+xml': ['image/svg+xml'] },
    bad: Object.fromEntries(
      ['image', '*/*', '.pdf', 'a/b/c', 'text/html;x', 'image/p*'].map((text) => [
        text,
        `takes types such as image/* and application/pdf, not '${text}'`,
      ]),
    ),
  },
  LATCHKEY_UPLOAD_TYPES_REFUSED: {
    read: (config) => config.inspection.rules.refused,
    initial: [],
    good: { 'text/html': ['text/html'] },
    bad: { html: "takes types such as image/* and application/pdf, not 'html'" },
  },
  LATCHKEY_UPLOAD_TYPES_BY_FOLDER: {
    read: (config) => config.inspection.rules.folders,
    initial: [],
    good: {
      '/photos/=Image/*; /a%3Bb=c/=*,!text/html ;': [
        { folder: '/photos/', allowed: ['image/*'], refused: [] },
        { folder: '/a;b=c/', allowed: [], refused: ['text/html'] },
      ],
      '/=application/pdf,text/*': [{ folder: '/', allowed: ['application/pdf', 'text/*'], refused: [] }],
    },
    bad: {
      ...Object.fromEntries(
        [
          '/photos=image/*',
          'photos/=image/*',
          '/photos/',
          '/photos/=',
          '/a/../b/=image/*',
          '/a%/=image/*',
        ].map((text) => [
          text,
          `takes folders with types, such as /photos/=image/*;/inbox/=*,!text/html, not '${text}'`,
        ]),
      ),
      '/a/=pdf': "takes types such as image/* and application/pdf, not 'pdf'",
      '/a/=*,image/*': "takes * alone, beside what is refused, not '/a/=*,image/*'",
      '/a/=!text/html': "takes what is allowed in a folder, * for all else, not '/a/=!text/html'",
    },
  },
  LATCHKEY_SCAN_COMMAND: {
    read: (config) => config.inspection.scanCommand,
    initial: undefined,
    good: { '/usr/bin/clamdscan  --fdpass': ['/usr/bin/clamdscan', '--fdpass'], '/scan': ['/scan'] },
    bad: { clamdscan: "takes a program by its absolute path, and arguments, not 'clamdscan'" },
  },
  LATCHKEY_SCAN_URL: {
    read: (config) => config.inspection.scanUrl,
    initial: undefined,
    good: { 'http://127.0.0.1:8000/scan': 'http://127.0.0.1:8000/scan' },
    bad: { '/scan': "takes an http or https URL, not '/scan'" },
  },
  LATCHKEY_SCAN_TIMEOUT: {
    read: (config) => config.inspection.scanTimeoutMs,
    initial: 30_000,
    good: { '4m': 240_000, '5s': 5_000 },
    bad: {
      '5m': "takes up to 4m, not '5m': nginx would not wait for it",
      soon: "takes a duration such as 30m, 8h or 7d, not 'soon'",
    },
  },
  LATCHKEY_DOWNLOAD_BUFFERING: {
    read: (config) => config.download.buffering,
    initial: undefined,
    good: { yes: 'yes', no: 'no' },
    bad: { on: "takes yes, no, not 'on'" },
  },
  LATCHKEY_DOWNLOAD_CHARSET: {
    read: (config) => config.download.charset,
    initial: undefined,
    good: { 'utf-8': 'utf-8' },
    bad: { 'utf 8': `${WORD}, not 'utf 8'`, 'x\r\nSet-Cookie: a': `${WORD}, not 'x\r\nSet-Cookie: a'` },
  },
  LATCHKEY_DOWNLOAD_EXPIRES: {
    read: (config) => config.download.expires,
    initial: undefined,
    good: { off: 'off', '3600': '3600' },
    bad: { 'a;b': `${WORD}, not 'a;b'` },
  },
  LATCHKEY_DOWNLOAD_LIMIT_RATE: {
    read: (config) => config.download.limitRate,
    initial: undefined,
    good: { '1m': 1_048_576 },
    bad: { fast: `${SIZE}, not 'fast'` },
  },
  LATCHKEY_LOG_LEVEL: {
    read: (config) => config.logLevel,
    initial: 'info',
    good: { silent: 'silent', trace: 'trace' },
    bad: { loud: `${LEVELS}, not 'loud'`, INFO: `${LEVELS}, not 'INFO'` },
  },
  LATCHKEY_METRICS: {
    read: (config) => config.metrics,
    initial: undefined,
    good: {
      '127.0.0.1:9464': { host: '127.0.0.1', port: 9464 },
      '[::1]:65535': { host: '::1', port: 65_535 },
    },
    bad: Object.fromEntries(
      [
        '9464',
        ':9464',
        'localhost:9464',
        '127.0.0.1:0',
        '127.0.0.1:65536',
        '::1:9464',
        '127.0.0.1:',
        'x',
      ].map((text) => [text, `takes an address and a port, such as 127.0.0.1:9464, not '${text}'`]),
    ),
  },
  LATCHKEY_NGINX: {
    read: (config) => config.nginx,
    initial: 'nginx',
    good: { '/opt/nginx': '/opt/nginx' },
    bad: {},
  },
};
