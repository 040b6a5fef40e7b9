/** Where a service is told to listen: what is an address, what is a socket's path, and what is neither. */

import t from 'tap';
import { hostInUrl, parseAddress, parseHost, parsePort } from '../../src/host/listen.js';

t.test('HOST:PORT is an address, anything else without a colon before a number a path', async (t) => {
  const tcp = {
    '127.0.0.1:9000': ['127.0.0.1', 9000],
    ':9000': ['127.0.0.1', 9000],
    'localhost:1': ['localhost', 1],
    'files.example.org:65535': ['files.example.org', 65_535],
    '0.0.0.0:80': ['0.0.0.0', 80],
    '[::1]:9000': ['::1', 9000],
    '[::]:9000': ['::', 9000],
  } as const;
  for (const [text, [host, port]] of Object.entries(tcp)) t.same(parseAddress(text), { host, port }, text);
  for (const path of ['run/a.sock', '/run/latchkey/a.sock', 'a', './a:b.sock', '9000']) {
    t.same(parseAddress(path), { path }, path);
  }
  const neither = [
    '',
    ':',
    'localhost:',
    ':0',
    ':65536',
    ':999999',
    '::1:9000',
    '[x;y]:9000',
    'a b:9000',
    '-a:9000',
  ];
  for (const text of neither) t.equal(parseAddress(text), undefined, `'${text}'`);
});

t.test('a port is from 1 to 65535, in digits', async (t) => {
  for (const port of [1, 80, 65_535]) t.equal(parsePort(String(port)), port);
  for (const text of ['', '0', '65536', '-1', '1.5', '0x50', ' 80', '1e3']) {
    t.equal(parsePort(text), undefined, `'${text}'`);
  }
});

t.test('a host is an address or a name, and nothing that nginx would read as more', async (t) => {
  const hosts = ['127.0.0.1', '::1', 'fe80::1', 'localhost', 'a-b.example.org', 'x'];
  for (const host of hosts) t.equal(parseHost(host), host);
  for (const text of ['', 'a;b', 'a b', 'a/b', '{a}', '$a', 'a:b', 'a.', '.a', '*', "a'"]) {
    t.equal(parseHost(text), undefined, `'${text}'`);
  }
  t.equal(hostInUrl('::1'), '[::1]');
  t.equal(hostInUrl('127.0.0.1'), '127.0.0.1');
});
