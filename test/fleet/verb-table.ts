/**
 * What each verb of the command line, and each route that changes something, does to rights: whether it can take one away,
 * and so waits until every authorizer decides by it. A new one has to say which it is. Docs: operations.md, Many machines.
 */

/** `waits`: it can take a right away. Else: why nobody has to wait for it. */
export type Taking = 'waits' | Why;

export type Why =
  /** It writes nothing that a decision rests on. */
  | 'writes no right'
  /** A decision that was made before it is one that could be made after it. */
  | 'only widens'
  /** It is in a file of each data folder, which services look at by themselves: the command says within how long. */
  | 'is not of the store'
  /** Nobody may read what it takes. */
  | 'nobody could read it';

/** By command and verb. */
export const VERBS: Readonly<Record<string, Taking>> = {
  up: 'writes no right',
  authorizer: 'writes no right',
  files: 'writes no right',
  grant: 'waits', // a deny, or a window
  revoke: 'waits',
  acl: 'writes no right',
  check: 'writes no right',
  explain: 'writes no right',
  'who-can': 'writes no right',
  'what-can': 'writes no right',
  'group add': 'waits', // what the group is denied
  'group remove': 'waits',
  'group list': 'writes no right',
  suspend: 'waits',
  resume: 'only widens',
  token: 'writes no right',
  'key create': 'only widens',
  'key list': 'writes no right',
  'key revoke': 'waits',
  'secret rotate': 'is not of the store',
  'secret list': 'writes no right',
  'secret drop': 'is not of the store',
  'link create': 'only widens',
  'link list': 'writes no right',
  'link show': 'writes no right',
  'link change': 'waits',
  'link revoke': 'waits',
  'link sign': 'only widens',
  'sign-out': 'waits',
  ls: 'writes no right',
  mv: 'waits',
  cp: 'waits', // denies that come along, and what replaces a file
  rm: 'waits',
  'quota set': 'writes no right', // uploads ask the store for it
  'quota show': 'writes no right',
  'quota list': 'writes no right',
  'quota remove': 'writes no right',
  'trash list': 'writes no right',
  'trash restore': 'waits', // its denies
  'trash empty': 'nobody could read it',
  expire: 'waits',
  import: 'waits',
  export: 'writes no right',
  adopt: 'waits', // grants that come with it
  fsck: 'waits', // the allows of files that are gone
  backup: 'writes no right',
  migrate: 'writes no right', // into a store by which nobody decides yet
  nginx: 'writes no right',
  config: 'writes no right',
};

/** A path is hidden until nobody decides by what was before, and only then are bytes and grants exchanged. */
export type RouteTaking = Taking | 'waits before it answers' | 'waits, and says so by a header';

/** What changes something, by method and URL as openapi.json has them. */
export const ROUTES: Readonly<Record<string, RouteTaking>> = {
  'PUT /files/{path}': 'waits before it answers',
  'POST /files/{path}': 'waits before it answers',
  'DELETE /files/{path}': 'waits, and says so by a header',
  'OPTIONS /_latchkey/uploads/': 'writes no right',
  'POST /_latchkey/uploads/': 'waits before it answers',
  'PATCH /_latchkey/uploads/{id}': 'waits before it answers',
  'DELETE /_latchkey/uploads/{id}': 'nobody could read it',
  'PUT /_latchkey/s/{token}/{path}': 'waits before it answers',
  'POST /_latchkey/s/{token}/{path}': 'waits before it answers',
  'PUT /_latchkey/api/v1/grants': 'waits',
  'DELETE /_latchkey/api/v1/grants': 'waits',
  'POST /_latchkey/api/v1/files/move': 'waits',
  'POST /_latchkey/api/v1/files/copy': 'waits',
  'DELETE /_latchkey/api/v1/files': 'waits',
  'PUT /_latchkey/api/v1/quotas': 'writes no right',
  'DELETE /_latchkey/api/v1/quotas': 'writes no right',
  'POST /_latchkey/api/v1/files/expiry': 'waits',
  'DELETE /_latchkey/api/v1/trash': 'nobody could read it',
  'POST /_latchkey/api/v1/trash/restore': 'waits',
  'POST /_latchkey/api/v1/signed-urls/revoke': 'waits',
  'POST /_latchkey/api/v1/links': 'only widens',
  'PATCH /_latchkey/api/v1/links/{id}': 'waits',
  'DELETE /_latchkey/api/v1/links/{id}': 'waits',
  'POST /_latchkey/api/v1/sessions/end': 'waits',
};
