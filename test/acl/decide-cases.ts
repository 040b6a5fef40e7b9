/**
 * The truth table of DESIGN §5. In each row the grants are in the order of their ids, from 1, unless a number says
 * otherwise; `by` is the line that decides, and without it no grant does.
 */

import type { Outcome } from '../../src/acl/decide.js';

export interface Row {
  readonly says: string;
  /** The user and groups that ask, by `authenticated` or `anyone` alone if they have neither. */
  readonly who: string;
  readonly asked: string;
  readonly grants: readonly string[];
  readonly builtIn?: readonly string[];
  readonly outcome: Outcome;
  readonly by?: string;
}

const BOB = { who: 'user:bob group:eng group:ops', asked: 'read /team/plan.pdf' } as const;
const STRANGER = { who: 'anyone', asked: 'read /team/plan.pdf' } as const;

function allowed(says: string, by: string, ...others: readonly string[]): Row {
  return { ...BOB, says, grants: [...others, by], outcome: 'allow', by };
}

function refused(says: string, by: string, ...others: readonly string[]): Row {
  return { ...BOB, says, grants: [...others, by], outcome: 'forbidden', by };
}

/** Rule 1. */
export const NEAREST: readonly Row[] = [
  allowed('the file before its folder', 'user:bob read /team/plan.pdf', 'user:bob deny read /team/'),
  refused('the file before its folder, a deny', 'user:bob deny read /team/plan.pdf', 'user:bob read /team/'),
  allowed('a folder before the root', 'user:bob read /team/', 'user:bob deny read /'),
  refused('a folder before the root, a deny', 'user:bob deny read /team/', 'user:bob read /'),
  allowed('the root, when nothing is nearer', 'user:bob read /'),
  allowed('a nearer anyone before a farther user', 'anyone read /team/plan.pdf', 'user:bob deny read /team/'),
  refused('the same, a deny', 'anyone deny read /team/plan.pdf', 'user:bob manage /team/'),
  allowed('a nearer group before a farther user', 'group:eng read /team/', 'user:bob deny read /'),
  {
    ...refused('four folders deep', 'anyone deny read /a/b/c/', 'user:bob read /a/b/'),
    asked: 'read /a/b/c/d',
  },
  { ...allowed('the folder asked for itself', 'user:bob read /team/'), asked: 'read /team/' },
  { ...allowed('the root asked for itself', 'anyone read /'), asked: 'read /' },
];

/** Rule 1: what is not on the path or above it says nothing. */
export const ELSEWHERE: readonly Row[] = [
  'user:bob read /team',
  'user:bob read /team/plan',
  'user:bob read /team/plan.pdf2',
  'user:bob read /team/plan.pdf/',
  'user:bob read /team/Plan.pdf',
  'user:bob read /team2/',
  'user:bob read /tea/',
  'user:bob read /team/team/',
  'user:bob read /plan.pdf',
].map((grant) => ({ ...BOB, says: grant, grants: [grant], outcome: 'forbidden' }));

/** Rule 2. */
export const SPECIFICITY: readonly Row[] = [
  allowed('user before group', 'user:bob read /team/', 'group:eng deny read /team/'),
  refused('user before group, a deny', 'user:bob deny read /team/', 'group:eng read /team/'),
  allowed('group before authenticated', 'group:eng read /team/', 'authenticated deny read /team/'),
  refused('group before authenticated, a deny', 'group:eng deny read /team/', 'authenticated read /team/'),
  allowed('authenticated before anyone', 'authenticated read /team/', 'anyone deny read /team/'),
  refused('authenticated before anyone, a deny', 'authenticated deny read /team/', 'anyone read /team/'),
  allowed('user before anyone', 'user:bob read /team/', 'anyone deny read /team/'),
  allowed('on the file too', 'user:bob read /team/plan.pdf', 'group:eng deny read /team/plan.pdf'),
  allowed(
    'a user that says nothing leaves it to the group',
    'group:eng read /team/',
    'user:bob deny write /team/',
  ),
  allowed("another user's deny says nothing", 'anyone read /team/', 'user:alice deny read /team/plan.pdf'),
  allowed("another group's deny says nothing", 'anyone read /team/', 'group:bob deny read /team/plan.pdf'),
];

/** Rules 3 and 4. */
export const TIES: readonly Row[] = [
  refused('two groups', 'group:ops deny read /team/', 'group:eng read /team/'),
  refused(
    'two groups, the deny has the lower id',
    '#1 group:ops deny read /team/',
    '#2 group:eng read /team/',
  ),
  refused('one user, a greater allow', 'user:bob deny read /team/', 'user:bob manage /team/'),
  {
    ...refused('a lesser deny', 'user:bob deny read /team/', 'user:bob manage /team/'),
    asked: 'write /team/a',
  },
  allowed('two allows: the lowest id', '#4 group:ops read /team/', '#9 group:eng read /team/'),
  allowed('the same, come the other way', '#4 group:eng read /team/', '#9 group:ops read /team/'),
  refused('two denies: the lowest id', '#4 group:ops deny read /team/', '#9 group:eng deny read /team/'),
  allowed('one user, two allows', '#3 user:bob write /team/', '#5 user:bob read /team/'),
  allowed('ids are numbers', '#9 group:eng read /team/', '#10 group:ops read /team/'),
];

/** 401 for every no without a valid credential, 403 for every other. */
export const STATUS: readonly Row[] = [
  { ...BOB, says: 'no grant, signed in', grants: [], outcome: 'forbidden' },
  { ...BOB, says: 'no grant, signed in, no user', who: 'authenticated', grants: [], outcome: 'forbidden' },
  { ...STRANGER, says: 'no grant, a stranger', grants: [], outcome: 'unauthenticated' },
  refused('a deny, signed in', 'anyone deny read /team/'),
  { ...refused('a deny, a stranger', 'anyone deny read /'), ...STRANGER, outcome: 'unauthenticated' },
  { ...allowed('what anyone may, a stranger may', 'anyone read /team/'), ...STRANGER },
  allowed('what anyone may, a user may', 'anyone read /team/'),
  {
    ...STRANGER,
    says: "a user's grant is nothing to a stranger",
    grants: ['user:bob read /'],
    outcome: 'unauthenticated',
  },
  {
    ...STRANGER,
    says: "a group's grant is nothing to a stranger",
    grants: ['group:eng read /'],
    outcome: 'unauthenticated',
  },
  {
    ...STRANGER,
    says: 'a stranger is not signed in',
    grants: ['authenticated read /'],
    outcome: 'unauthenticated',
  },
  {
    ...BOB,
    says: 'a group named bob is not bob',
    grants: ['group:bob read /', 'user:eng read /'],
    outcome: 'forbidden',
  },
  { ...allowed('any signed-in one', 'authenticated read /team/'), who: 'authenticated' },
  { ...allowed('a member of a group alone', 'group:eng read /team/'), who: 'group:eng' },
];

const HOME = '#0 user:bob manage /users/bob/';
const AT_HOME = { ...BOB, asked: 'read /users/bob/plan.pdf', builtIn: [HOME] } as const;

/** A user's home, a grant that is built in, beside those that are stored. */
export const HOMES: readonly Row[] = [
  { ...AT_HOME, says: 'the home by itself', grants: [], outcome: 'allow', by: HOME },
  { ...AT_HOME, says: 'manage', asked: 'manage /users/bob/', grants: [], outcome: 'allow', by: HOME },
  { ...refused('a nearer deny', 'user:bob deny read /users/bob/plan.pdf'), ...AT_HOME },
  { ...refused('a nearer deny of anyone', 'anyone deny read /users/bob/plan.pdf'), ...AT_HOME },
  { ...refused('a deny on the home itself, in the tie', 'user:bob deny read /users/bob/'), ...AT_HOME },
  {
    ...AT_HOME,
    says: 'a deny of more',
    grants: ['user:bob deny write /users/bob/'],
    outcome: 'allow',
    by: HOME,
  },
  {
    ...refused('a deny of less', 'user:bob deny write /users/bob/'),
    ...AT_HOME,
    asked: 'manage /users/bob/plan.pdf',
  },
  {
    ...AT_HOME,
    says: 'a less specific deny',
    grants: ['group:eng deny read /users/bob/'],
    outcome: 'allow',
    by: HOME,
  },
  { ...AT_HOME, says: 'a farther deny', grants: ['user:bob deny read /users/'], outcome: 'allow', by: HOME },
  { ...AT_HOME, says: 'an equal allow', grants: ['user:bob manage /users/bob/'], outcome: 'allow', by: HOME },
  {
    ...AT_HOME,
    says: 'what is built in may allow less',
    asked: 'write /users/bob/plan.pdf',
    builtIn: ['#0 user:bob read /users/bob/'],
    grants: [],
    outcome: 'forbidden',
  },
  {
    ...AT_HOME,
    says: 'what is built in may be over',
    builtIn: ['#0 user:bob read /users/bob/ until 1000'],
    grants: ['anyone read /'],
    outcome: 'allow',
    by: 'anyone read /',
  },
  { ...AT_HOME, says: 'outside it', asked: 'read /users/bob2/x', grants: [], outcome: 'forbidden' },
  { ...AT_HOME, says: 'the file of its name', asked: 'read /users/bob', grants: [], outcome: 'forbidden' },
  { ...AT_HOME, says: "another user's", who: 'user:alice', grants: [], outcome: 'forbidden' },
  { ...AT_HOME, says: 'of one not signed in', who: 'anyone', grants: [], outcome: 'unauthenticated' },
];
