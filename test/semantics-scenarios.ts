/**
 * The semantics table (docs/decisions/0009-semantics.md): each scenario is what was done, in the words of the
 * CLI, and what is then asked and answered. The test reads the same rows that the document shows.
 */

export interface Ask {
  readonly who: string;
  readonly action: 'read' | 'write' | 'manage';
  readonly path: string;
  /** Groups that the credential claims. */
  readonly groups?: readonly string[];
  /** Milliseconds after the scenario's beginning. */
  readonly at?: number;
  readonly answer: 'allow' | 'unauthenticated' | 'forbidden';
}

export interface Scenario {
  readonly name: string;
  /** `grant user:bob read /x [deny] [from=ms] [until=ms]`, `revoke …`, `group add|remove G U`, `suspend U`, … */
  readonly done: readonly string[];
  readonly asks: readonly Ask[];
}

const ask = (who: string, what: string, answer: Ask['answer'], more: Partial<Ask> = {}): Ask => {
  const [action, path] = what.split(' ') as [Ask['action'], string];
  return { who, action, path, answer, ...more };
};

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'nothing was granted: a stranger is asked to sign in, a user is refused',
    done: [],
    asks: [ask('anyone', 'read /x', 'unauthenticated'), ask('user:bob', 'read /x', 'forbidden')],
  },
  {
    name: 'a grant on a file is for that file alone',
    done: ['grant user:bob read /team/a'],
    asks: [ask('user:bob', 'read /team/a', 'allow'), ask('user:bob', 'read /team/b', 'forbidden')],
  },
  {
    name: 'a grant on a folder is for all below it, at any depth',
    done: ['grant user:bob read /team/'],
    asks: [ask('user:bob', 'read /team/x/y/z', 'allow'), ask('user:bob', 'read /teams/a', 'forbidden')],
  },
  {
    name: 'a grant on /team is not one on the folder /team/',
    done: ['grant user:bob read /team'],
    asks: [ask('user:bob', 'read /team/a', 'forbidden'), ask('user:bob', 'read /team', 'allow')],
  },
  {
    name: 'write includes read, manage includes both',
    done: ['grant user:bob write /a', 'grant user:eve manage /a'],
    asks: [
      ask('user:bob', 'read /a', 'allow'),
      ask('user:bob', 'manage /a', 'forbidden'),
      ask('user:eve', 'write /a', 'allow'),
    ],
  },
  {
    name: 'public: anyone may read, and nobody thereby writes',
    done: ['grant anyone read /pub/'],
    asks: [ask('anyone', 'read /pub/a', 'allow'), ask('anyone', 'write /pub/a', 'unauthenticated')],
  },
  {
    name: 'signed in is enough: authenticated',
    done: ['grant authenticated read /intra/'],
    asks: [ask('user:bob', 'read /intra/a', 'allow'), ask('anyone', 'read /intra/a', 'unauthenticated')],
  },
  {
    name: 'one is banned from a folder that all may read',
    done: ['grant authenticated read /intra/', 'grant user:bob read /intra/ deny'],
    asks: [ask('user:bob', 'read /intra/a', 'forbidden'), ask('user:eve', 'read /intra/a', 'allow')],
  },
  {
    name: 'a deny for anyone does not bind a user who has an allow on the same path',
    done: ['grant anyone read /a deny', 'grant user:bob read /a'],
    asks: [ask('user:bob', 'read /a', 'allow'), ask('anyone', 'read /a', 'unauthenticated')],
  },
  {
    name: 'break-glass: a nearer allow undoes a deny on the folder',
    done: ['grant user:bob read /team/ deny', 'grant user:bob read /team/urgent.pdf'],
    asks: [
      ask('user:bob', 'read /team/urgent.pdf', 'allow'),
      ask('user:bob', 'read /team/other', 'forbidden'),
    ],
  },
  {
    name: 'nearness beats who: a deny for anyone on the file stands before an allow for the user on the folder',
    done: ['grant user:bob read /team/', 'grant anyone read /team/secret deny'],
    asks: [ask('user:bob', 'read /team/secret', 'forbidden'), ask('user:bob', 'read /team/a', 'allow')],
  },
  {
    name: 'a deny of write leaves reading',
    done: ['grant user:bob write /team/', 'grant user:bob write /team/ deny', 'grant user:bob read /team/'],
    asks: [ask('user:bob', 'read /team/a', 'allow'), ask('user:bob', 'write /team/a', 'forbidden')],
  },
  {
    name: 'a deny of read refuses writing and managing too',
    done: ['grant user:bob manage /team/', 'grant user:bob read /team/ deny'],
    asks: [ask('user:bob', 'write /team/a', 'forbidden'), ask('user:bob', 'manage /team/a', 'forbidden')],
  },
  {
    name: 'setting the same grant with the other effect replaces it',
    done: ['grant user:bob read /a deny', 'grant user:bob read /a'],
    asks: [ask('user:bob', 'read /a', 'allow')],
  },
  {
    name: 'and the other way round',
    done: ['grant user:bob read /a', 'grant user:bob read /a deny'],
    asks: [ask('user:bob', 'read /a', 'forbidden')],
  },
  {
    name: 'two groups, one denies: on one path deny stands before allow',
    done: [
      'group add eng bob',
      'group add temps bob',
      'grant group:eng read /a',
      'grant group:temps read /a deny',
    ],
    asks: [ask('user:bob', 'read /a', 'forbidden')],
  },
  {
    name: 'the user stands before the group on one path',
    done: ['group add temps bob', 'grant group:temps read /a deny', 'grant user:bob read /a'],
    asks: [ask('user:bob', 'read /a', 'allow')],
  },
  {
    name: 'a group stands before authenticated',
    done: ['group add eng bob', 'grant authenticated read /a deny', 'grant group:eng read /a'],
    asks: [ask('user:bob', 'read /a', 'allow'), ask('user:eve', 'read /a', 'forbidden')],
  },
  {
    name: 'who leaves a stored group leaves what it may',
    done: ['group add eng bob', 'grant group:eng read /a', 'group remove eng bob'],
    asks: [ask('user:bob', 'read /a', 'forbidden')],
  },
  {
    name: 'a group that the token claims counts beside the stored ones',
    done: ['grant group:eng read /a'],
    asks: [ask('user:bob', 'read /a', 'allow', { groups: ['eng'] }), ask('user:bob', 'read /a', 'forbidden')],
  },
  {
    name: 'leaving the stored group does not end what a token still claims',
    done: ['group add eng bob', 'grant group:eng read /a', 'group remove eng bob'],
    asks: [ask('user:bob', 'read /a', 'allow', { groups: ['eng'] })],
  },
  {
    name: 'revoking the own grant leaves what a group gives',
    done: ['group add eng bob', 'grant group:eng read /a', 'grant user:bob read /a', 'revoke user:bob /a'],
    asks: [ask('user:bob', 'read /a', 'allow')],
  },
  {
    name: 'revoke of an action takes the greater ones with it and leaves the lesser',
    done: ['grant user:bob read /a', 'grant user:bob manage /a', 'revoke user:bob /a write'],
    asks: [ask('user:bob', 'read /a', 'allow'), ask('user:bob', 'write /a', 'forbidden')],
  },
  {
    name: 'revoke removes no deny',
    done: ['grant authenticated read /a', 'grant user:bob read /a deny', 'revoke user:bob /a'],
    asks: [ask('user:bob', 'read /a', 'forbidden')],
  },
  {
    name: 'revoke of a deny widens',
    done: ['grant authenticated read /a', 'grant user:bob read /a deny', 'revoke user:bob /a deny'],
    asks: [ask('user:bob', 'read /a', 'allow')],
  },
  {
    name: 'a grant ends at its millisecond',
    done: ['grant user:bob read /a until=1000'],
    asks: [
      ask('user:bob', 'read /a', 'allow', { at: 999 }),
      ask('user:bob', 'read /a', 'forbidden', { at: 1000 }),
    ],
  },
  {
    name: 'a grant begins at its millisecond',
    done: ['grant user:bob read /a from=1000'],
    asks: [
      ask('user:bob', 'read /a', 'forbidden', { at: 999 }),
      ask('user:bob', 'read /a', 'allow', { at: 1000 }),
    ],
  },
  {
    name: 'a deny that has ended lets the folder speak again',
    done: ['grant user:bob read /team/', 'grant user:bob read /team/a deny until=1000'],
    asks: [
      ask('user:bob', 'read /team/a', 'forbidden', { at: 999 }),
      ask('user:bob', 'read /team/a', 'allow', { at: 1000 }),
    ],
  },
  {
    name: 'a grant on the root is for everything, and the weakest of all',
    done: ['grant user:bob read /', 'grant user:bob read /team/ deny'],
    asks: [ask('user:bob', 'read /x', 'allow'), ask('user:bob', 'read /team/a', 'forbidden')],
  },
  {
    name: 'a home is its user’s, and nobody else’s',
    done: [],
    asks: [
      ask('user:alice', 'manage /users/alice/a', 'allow'),
      ask('user:bob', 'read /users/alice/a', 'forbidden'),
      ask('user:alice', 'read /users/alice2/a', 'forbidden'),
    ],
  },
  {
    name: 'in a home, a nearer deny holds against its own user',
    done: ['grant user:alice write /users/alice/frozen/ deny'],
    asks: [
      ask('user:alice', 'read /users/alice/frozen/a', 'allow'),
      ask('user:alice', 'write /users/alice/frozen/a', 'forbidden'),
    ],
  },
  {
    name: 'a deny on the home itself holds: deny before allow',
    done: ['grant user:alice write /users/alice/ deny'],
    asks: [ask('user:alice', 'write /users/alice/a', 'forbidden')],
  },
  {
    name: 'an administrator may do everything, whatever is denied',
    done: ['grant user:root read / deny', 'grant anyone read /a deny'],
    asks: [ask('user:root', 'manage /a', 'allow')],
  },
  {
    name: 'a suspended user has what anyone has, and is told 403',
    done: ['grant user:bob read /a', 'grant anyone read /pub/', 'suspend bob'],
    asks: [ask('user:bob', 'read /a', 'forbidden'), ask('user:bob', 'read /pub/a', 'allow')],
  },
  {
    name: 'a suspension holds for administrators, homes and claimed groups too',
    done: ['suspend root', 'suspend alice', 'grant group:eng read /a'],
    asks: [
      ask('user:root', 'read /a', 'forbidden'),
      ask('user:alice', 'read /users/alice/a', 'forbidden'),
      ask('user:alice', 'read /a', 'forbidden', { groups: ['eng'] }),
    ],
  },
  {
    name: 'who is resumed has again what stands',
    done: ['grant user:bob read /a', 'suspend bob', 'resume bob'],
    asks: [ask('user:bob', 'read /a', 'allow')],
  },
  {
    name: 'a replaced file keeps its grants',
    done: ['grant user:bob read /a', 'upload /a', 'upload /a'],
    asks: [ask('user:bob', 'read /a', 'allow')],
  },
  {
    name: 'a deleted file loses its allows: who uploads there again shares with nobody',
    done: ['upload /a', 'grant user:bob read /a', 'delete /a', 'upload /a'],
    asks: [ask('user:bob', 'read /a', 'forbidden')],
  },
  {
    name: 'a deleted file keeps its denies: deleting is no way around a ban',
    done: [
      'grant authenticated read /team/',
      'upload /team/a',
      'grant user:bob read /team/a deny',
      'delete /team/a',
      'upload /team/a',
    ],
    asks: [ask('user:bob', 'read /team/a', 'forbidden'), ask('user:eve', 'read /team/a', 'allow')],
  },
  {
    name: 'names compare byte for byte: case, and composed or not, are different names',
    done: ['grant user:bob read /Caf\u00e9'],
    asks: [
      ask('user:bob', 'read /Caf\u00e9', 'allow'),
      ask('user:bob', 'read /Cafe\u0301', 'forbidden'),
      ask('user:bob', 'read /caf\u00e9', 'forbidden'),
      ask('user:Bob', 'read /Caf\u00e9', 'forbidden'),
    ],
  },
];
