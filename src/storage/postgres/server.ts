/** What Latchkey needs of a PostgreSQL server, looked at on each new connection. */

import { NotKnown } from '../../acl/errors.js';

export interface ServerRow {
  readonly encoding: string;
  readonly version: number;
  readonly standby: boolean;
  readonly identity: string;
}

/** `server_version_num`. Debian's oldest that is still looked after. */
const VERSION_MIN = 130_000;

/** @throws NotKnown; answers with which database this is */
export function refuseServer(row: ServerRow | undefined): string {
  if (row === undefined) throw new Error('the server answered with nothing');
  const { encoding, version, standby, identity } = row;
  if (version < VERSION_MIN) throw unfit('PostgreSQL is older than 13: upgrade it');
  if (encoding !== 'UTF8') {
    throw unfit(
      `the database has the encoding ${encoding}: make one with ENCODING 'UTF8' TEMPLATE template0`,
    );
  }
  // It is behind by an unknown time, and would let somebody in whose grant was revoked.
  if (standby) throw unfit('the server is a standby: name the primary in LATCHKEY_DATABASE_URL');
  return identity;
}

function unfit(message: string): NotKnown {
  return new NotKnown('store-unreadable', message);
}
