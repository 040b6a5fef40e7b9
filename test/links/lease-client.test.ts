/** By which names a client is known again, and that they say nothing about it. */

import t from 'tap';
import { type LeaseClient, leaseClients, newLeaseTicket } from '../../src/links/lease-client.js';

const CLIENT: LeaseClient = { linkId: 'L', ticket: 'T', address: '192.0.2.1', userAgent: 'curl/8.5.0' };

t.test('the same client has the same names, first that of its ticket', async (t) => {
  t.same(leaseClients(CLIENT), leaseClients({ ...CLIENT }));
  const [ofTicket, ofAddress] = leaseClients(CLIENT);
  t.same(leaseClients({ ...CLIENT, ticket: undefined }), [ofAddress]);
  t.equal(leaseClients({ ...CLIENT, address: '198.51.100.7', userAgent: 'x' })[0], ofTicket);
});

t.test('whatever differs makes another name', async (t) => {
  const [ofTicket, ofAddress] = leaseClients(CLIENT);
  for (const [other, sameTicket, sameAddress] of [
    [{ linkId: 'M' }, false, false],
    [{ ticket: 'U' }, false, true],
    [{ address: '192.0.2.2' }, true, false],
    [{ address: undefined }, true, false],
    [{ userAgent: 'curl/8.5.1' }, true, false],
    [{ userAgent: undefined }, true, false],
    [{ address: '192.0.2.1curl/8.5.0', userAgent: '' }, true, false],
    [{ ticket: '192.0.2.1', address: 'T', userAgent: '' }, false, false],
  ] as const) {
    const names = leaseClients({ ...CLIENT, ...other });
    t.equal(names[0] === ofTicket, sameTicket, `ticket: ${JSON.stringify(other)}`);
    t.equal(names[1] === ofAddress, sameAddress, `address: ${JSON.stringify(other)}`);
    t.not(names[0], ofAddress);
    t.not(names[1], ofTicket);
  }
});

t.test('a name is short, and shows neither address nor user agent', async (t) => {
  for (const name of leaseClients(CLIENT)) t.match(name, /^[A-Za-z0-9_-]{22}$/);
  t.same(leaseClients({ ...CLIENT, address: undefined, userAgent: undefined }).length, 2);
});

t.test('of a user agent without end its beginning counts', async (t) => {
  const long = 'x'.repeat(512);
  t.same(
    leaseClients({ ...CLIENT, userAgent: `${long}a` }),
    leaseClients({ ...CLIENT, userAgent: `${long}b`.repeat(1_000) }),
  );
  t.not(
    leaseClients({ ...CLIENT, userAgent: long })[1],
    leaseClients({ ...CLIENT, userAgent: long.slice(1) })[1],
  );
});

t.test('a new ticket is like no other, and can be in one', async (t) => {
  const values = Array.from({ length: 100 }, newLeaseTicket);
  t.equal(new Set(values).size, 100);
  for (const value of values) t.match(value, /^[A-Za-z0-9_-]{22}$/);
});
