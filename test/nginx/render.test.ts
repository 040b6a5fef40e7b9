/**
 * What is rendered from nginx.conf, and that an edit of it that takes away a replaced text is found out: with a
 * line that was not replaced, nginx would ask at a place where nobody listens, or serve another folder.
 */

import t from 'tap';
import { renderServer, shippedConfiguration, siteLines } from '../../src/nginx/render.js';
import { STALENESS_MAX_MS } from '../../src/settings/numbers.js';

const SITE = {
  dataFolder: '/data',
  root: '/srv/site',
  partialFolder: '/srv/partial',
  mount: '/media/',
  authorizers: 1,
  proxyHeaders: undefined,
  corsOrigins: [],
  uploadBytesMax: 5_000_000,
};
const SERVER = {
  ...SITE,
  dataFolder: '',
  root: 'store',
  partialFolder: 'partial',
  listen: '127.0.0.1:8099',
  mimeTypes: '/opt/mime.types',
  user: undefined,
};

t.test('a whole configuration, relative to the folder that nginx is started in', async (t) => {
  const text = renderServer(SERVER);
  const expected = [
    /^pid +run\/nginx\.pid;$/m,
    /^ {4}include +\/opt\/mime\.types;$/m,
    /^ {8}server unix:run\/authorizer-1\.sock max_fails=0;$/m,
    /^ {8}server unix:run\/files\.sock max_fails=0;$/m,
    /^ {8}listen +127\.0\.0\.1:8099;$/m,
    /^ {8}access_log +run\/access\.log latchkey;$/m,
    /^ {8}location \^~ \/media\/ \{$/m,
    /^ {12}root +store;/m,
    /^ {12}alias +store\/;/m,
    /^ {12}client_body_temp_path +partial\/nginx;/m,
  ];
  for (const line of expected) t.match(text, line);
  t.equal(
    text.match(/client_max_body_size 5000000;/g)?.length,
    6,
    'where files come in, where they are written in three ways, where links take them, and where uploads are resumed',
  );
  t.notMatch(text, '/srv/latchkey', 'nothing of the image is left');
  t.notMatch(text, /^user /m);
  t.match(renderServer({ ...SERVER, user: 'www-data' }), /^user www-data;\n/);
});

t.test('the files cannot lie where share links are, but on a site of its own they may', async (t) => {
  t.throws(() => renderServer({ ...SERVER, mount: '/s/' }), { message: /^LATCHKEY_MOUNT may not be \/s\// });
  t.match(siteLines({ ...SITE, mount: '/s/' }).server, /^location \^~ \/s\/ \{$/m);
});

t.test('several authorizers are several servers of one upstream', async (t) => {
  const text = renderServer({ ...SERVER, authorizers: 3 });
  const upstream = /upstream latchkey_authorizer \{\n([^}]*)\}/.exec(text)?.[1];
  t.match(
    upstream,
    [1, 2, 3].map((n) => `        server unix:run/authorizer-${n}.sock max_fails=0;\n`).join(''),
  );
});

t.test('the lines for an existing site are the two parts, without their margins', async (t) => {
  const { http, server } = siteLines(SITE);
  t.match(http, /^# The file is served only after an explicit yes/);
  t.match(http, /^map \$latchkey_serve \$latchkey_file \{/m);
  t.match(http, /^ {4}server unix:\/data\/run\/authorizer-1\.sock max_fails=0;$/m);
  t.match(server, /^location \^~ \/media\/ \{$/m);
  t.match(server, /^location = \/_latchkey\/authorize \{$/m);
  for (const part of [http, server]) {
    t.notMatch(part, /----|listen |server_name|mime\.types|location \/ \{|\/srv\/latchkey/);
    t.notMatch(part, /[ \t]+$/m, 'no spaces at the end of a line');
  }
});

t.test('headers of a proxy are read where they are configured, and nowhere else', async (t) => {
  const mapsOf = (proxyHeaders: Parameters<typeof siteLines>[0]['proxyHeaders']) => {
    const { http } = siteLines({ ...SITE, proxyHeaders });
    return [...http.matchAll(/^map (\S+) +\$latchkey_proxy_(\S+) +\{ (.*) \}$/gm)].map(
      ([, source, name, body]) => [name, source, body],
    );
  };
  const off = (name: string) => [name, '$host', 'default "";'];
  const read = (name: string, source: string) => [
    name,
    source,
    `default ${source}; "~[\\x00-\\x08\\x0a-\\x1f\\x7f]" "";`,
  ];
  t.same(mapsOf(undefined), [off('user'), off('groups'), off('secret')]);
  t.same(mapsOf({ user: 'Remote-User', groups: undefined, sendsSecret: false }), [
    read('user', '$http_remote_user'),
    off('groups'),
    off('secret'),
  ]);
  t.same(mapsOf({ user: 'X-authentik-username', groups: 'X-authentik-groups', sendsSecret: true }), [
    read('user', '$http_x_authentik_username'),
    read('groups', '$http_x_authentik_groups'),
    read('secret', '$http_x_latchkey_proxy_secret'),
  ]);
});

t.test('other sites are named one by one, and only then the answer varies by Origin', async (t) => {
  const linesOf = (corsOrigins: readonly string[]) =>
    siteLines({ ...SITE, corsOrigins })
      .http.split('\n')
      .filter((line) => /\$latchkey_(?:cors|vary) \{/.test(line));
  t.same(linesOf([]), [
    'map $http_origin $latchkey_cors { default ""; }',
    'map $host $latchkey_vary { default ""; }',
  ]);
  t.same(linesOf(['https://app.example', 'http://[::1]:3000']), [
    'map $http_origin $latchkey_cors { default ""; "~^https://app\\.example$" "https://app.example"; "~^http://\\[::1\\]:3000$" "http://[::1]:3000"; }',
    'map $host $latchkey_vary { default Origin; }',
  ]);
});

t.test('a folder is quoted where nginx would read it as its own syntax', async (t) => {
  const table = [
    ['/srv/site-1_2.3~@:', '/srv/site-1_2.3~@:'],
    ['/srv/my site', '"/srv/my site"'],
    ['/srv/{a};#', '"/srv/{a};#"'],
    ["/srv/it's", '"/srv/it\'s"'],
    ['/srv/say "hi"\\', '"/srv/say \\"hi\\"\\\\"'],
    ['/srv/张', '"/srv/张"'],
  ] as const;
  for (const [root, written] of table) {
    const { server } = siteLines({ ...SITE, root });
    t.equal(/^ {4}root +(.*?); +#/m.exec(server)?.[1], written, root);
  }
  const { http } = siteLines({ ...SITE, dataFolder: '/my data' });
  t.match(http, '    server "unix:/my data/run/authorizer-1.sock" max_fails=0;');
  t.match(http, '    server "unix:/my data/run/files.sock" max_fails=0;');
  for (const root of ['/srv/$uri', '/srv/a\nb', '/srv/\u0000']) {
    t.throws(
      () => siteLines({ ...SITE, root }),
      { message: /^nginx cannot have a folder named / },
      JSON.stringify(root),
    );
  }
});

t.test('rendering throws where nginx.conf no longer has what it replaces, or has it once more', async (t) => {
  const source = shippedConfiguration();
  t.equal(renderServer(SERVER, source), renderServer(SERVER), 'as it is, it renders');
  const replaced = [
    'server unix:/srv/latchkey/run/authorizer-1.sock max_fails=0;',
    'server unix:/srv/latchkey/run/files.sock max_fails=0;',
    'root               /srv/latchkey/store;',
    'alias              /srv/latchkey/store/;',
    'location ^~ /files/ {',
    'client_max_body_size 10g;',
    'client_body_temp_path    /srv/latchkey/partial/nginx;',
    'listen      8080;',
    '/etc/nginx/mime.types',
    'pid              /srv/latchkey/run/nginx.pid;',
  ];
  const thrown = { message: /^nginx\.conf has ".*" \d+ times, not \d+$/ };
  for (const text of replaced) {
    t.ok(source.includes(text), text);
    t.throws(() => renderServer(SERVER, source.replace(text, '')), thrown, 'not there');
    t.throws(() => renderServer(SERVER, source.replace(text, `${text} ${text}`)), thrown, 'twice');
  }
  for (const part of ['http', 'server']) {
    const begun = new RegExp(`# ---- latchkey, ${part} -+`);
    const ended = new RegExp(`# ---- latchkey, ${part}: end -+`);
    for (const line of [begun, ended]) {
      const message = `nginx.conf has no part '${part}'`;
      t.throws(() => siteLines(SITE, source.replace(line, '')), { message }, String(line));
    }
  }
});

t.test(
  'nginx waits for whoever waits for all authorizers, twice: to exchange bytes, and to say where',
  async (t) => {
    const nginxMs = 60_000; // where nothing is said
    for (const place of ['raw', 'write', 's', 'uploads', 'api/v1']) {
      const [, from = ''] = shippedConfiguration().split(`location ^~ /_latchkey/${place}/ {\n`);
      const [location = ''] = from.split(/^ {8}\}$/m);
      t.match(location, 'proxy_pass         http://latchkey_files;', place);
      const seconds = /^ *proxy_read_timeout +(\d+)s;/m.exec(location)?.[1];
      const waitsMs = seconds === undefined ? nginxMs : Number(seconds) * 1_000;
      t.ok(waitsMs > 2 * STALENESS_MAX_MS + nginxMs, place);
    }
  },
);
