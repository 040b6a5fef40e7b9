/** The headers of a proxy that signs people in: what they name, and what proves that they are the proxy's. */

import { BlockList } from 'node:net';
import t from 'tap';
import type { Presented } from '../../src/credentials/presented.js';
import { type ProxyAddresses, ProxyHeaders, type ProxyProof } from '../../src/credentials/proxy-header.js';
import { asBytes, presented } from './presenting.js';

const SECRET = 'what the proxy proves itself with: 32 bytes';
const PLAIN = { groupsSeparator: ',', userPrefix: '', groupPrefix: '' };
const BY_SECRET: ProxyProof = { secret: SECRET, addresses: undefined };

function among(networks: readonly string[], unixSocket = false): ProxyAddresses {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = '32'] = network.split('/');
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return { list, unixSocket };
}

function recognise(proof: ProxyProof, parts: Partial<Presented>, settings = PLAIN) {
  return new ProxyHeaders({ proof, ...settings }).recognise(presented(parts));
}

t.test('whom the headers name', async (t) => {
  const table: readonly (readonly [user: string, groups: string | undefined, expected: unknown])[] = [
    ['alice', undefined, ['user:alice']],
    ['alice', '', ['user:alice']],
    ['alice', 'eng', ['user:alice', 'group:eng']],
    ['alice', ' eng , , staff,', ['user:alice', 'group:eng', 'group:staff']],
    ['alice', 'a|b', ['user:alice', 'group:a|b']],
    [asBytes('张 伟'), asBytes('Büro,研发'), ['user:张 伟', 'group:Büro', 'group:研发']],
    ['alice@example.com', 'role:admin', ['user:alice@example.com', 'group:role:admin']],
    ['user:alice', 'group:eng', ['user:user:alice', 'group:group:eng']],
    [asBytes('\ufeffalice'), '', ['user:\ufeffalice']],
    ['alice', `eng,${'x'.repeat(300)}`, ['user:alice', 'group:eng']],
    ['alice', `eng,a\tb,${asBytes('c\u0085d')}`, ['user:alice', 'group:eng']],
    ['alice', '\xff,eng', 'invalid'],
    ['\xffalice', '', 'invalid'],
    ['\xc0\xae', '', 'invalid'],
    ['a\tb', '', 'invalid'],
    [asBytes('a\u0085b'), '', 'invalid'],
    ['x'.repeat(251), '', 'invalid'],
    ['x'.repeat(250), '', [`user:${'x'.repeat(250)}`]],
    ['', 'eng', 'absent'],
  ];
  for (const [proxyUser, proxyGroups, expected] of table) {
    const found = recognise(BY_SECRET, { proxyUser, proxyGroups, proxySecret: SECRET });
    const named = typeof found === 'string' ? found : [found.subject.user, ...found.subject.groups];
    t.same(named, expected, JSON.stringify([proxyUser, proxyGroups]));
  }
});

t.test('the separator and the prefixes are the configured ones', async (t) => {
  const settings = { groupsSeparator: '|', userPrefix: 'ak:', groupPrefix: 'ak-' };
  const parts = { proxyUser: 'alice', proxyGroups: 'eng|Ops, night', proxySecret: SECRET };
  t.strictSame(recognise(BY_SECRET, parts, settings), {
    subject: { authenticated: true, user: 'user:ak:alice', groups: ['group:ak-eng', 'group:ak-Ops, night'] },
    failure: undefined,
    ambient: true,
  });
});

t.test('without the proof the headers are not there', async (t) => {
  const lan = among(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);
  const table: readonly (readonly [ProxyProof, Partial<Presented>, boolean])[] = [
    [BY_SECRET, { proxySecret: SECRET }, true],
    [BY_SECRET, {}, false],
    [BY_SECRET, { proxySecret: '' }, false],
    [BY_SECRET, { proxySecret: `${SECRET} ` }, false],
    [BY_SECRET, { proxySecret: SECRET.slice(1) }, false],
    [BY_SECRET, { proxySecret: SECRET.toUpperCase() }, false],
    [{ secret: 'é'.repeat(16), addresses: undefined }, { proxySecret: asBytes('é'.repeat(16)) }, true],
    [{ secret: undefined, addresses: lan }, { peer: '10.1.2.3' }, true],
    [{ secret: undefined, addresses: lan }, { peer: '192.0.2.7' }, true],
    [{ secret: undefined, addresses: lan }, { peer: '::ffff:192.0.2.7' }, true],
    [{ secret: undefined, addresses: lan }, { peer: 'fd12::1' }, true],
    [{ secret: undefined, addresses: lan }, { peer: '192.0.2.8' }, false],
    [{ secret: undefined, addresses: lan }, { peer: '::ffff:192.0.2.8' }, false],
    [{ secret: undefined, addresses: lan }, { peer: '2001:db8::1' }, false],
    [{ secret: undefined, addresses: lan }, { peer: 'unix:' }, false],
    [{ secret: undefined, addresses: lan }, { peer: undefined }, false],
    [{ secret: undefined, addresses: lan }, { peer: '' }, false],
    [{ secret: undefined, addresses: lan }, { peer: '10.1.2.3, 10.1.2.4' }, false],
    [{ secret: undefined, addresses: lan }, { peer: '2001:db8::1', address: '10.1.2.3' }, false],
    [{ secret: undefined, addresses: among([], true) }, { peer: 'unix:' }, true],
    [{ secret: undefined, addresses: among([], true) }, { peer: '127.0.0.1' }, false],
    [{ secret: SECRET, addresses: lan }, { proxySecret: SECRET, peer: '10.1.2.3' }, true],
    [{ secret: SECRET, addresses: lan }, { proxySecret: SECRET, peer: '192.0.2.8' }, false],
    [{ secret: SECRET, addresses: lan }, { peer: '10.1.2.3' }, false],
  ];
  for (const [proof, parts, expected] of table) {
    const found = recognise(proof, { proxyUser: 'alice', ...parts });
    t.equal(typeof found !== 'string', expected, JSON.stringify(parts));
    if (!expected) t.equal(found, 'absent');
  }
});

t.test('there is none without a proof to ask for', async (t) => {
  const proof = { secret: undefined, addresses: undefined };
  t.throws(() => new ProxyHeaders({ proof, ...PLAIN }), {
    message: 'proxy headers need a proof: a secret, or the addresses of the proxy',
  });
});
