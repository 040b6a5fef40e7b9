/**
 * From a subject and a path to a decision: reads the facts, makes the principals, decides.
 *
 * The HTTP authorizer, the files service and the CLI all ask here, so that they cannot disagree.
 */

import { type Action, includes } from './action.js';
import {
  type Decision,
  type DecisionRequest,
  decide,
  type Explanation,
  explain,
  fileExpired,
  type Reason,
  refusal,
} from './decide.js';
import { NotKnown } from './errors.js';
import { homeGrant, type Policy } from './policy.js';
import type { Awaitable, Facts, FactsReader } from './ports.js';
import { ANYONE, AUTHENTICATED, type Principal, type Scope, type Subject } from './principal.js';
import { isFolder, type ResourcePath } from './resource-path.js';

/** UTC milliseconds. */
export type Clock = () => number;

export interface Question {
  readonly subject: Subject;
  readonly action: Action;
  readonly path: ResourcePath;
}

export interface ExplainedQuestion extends Explanation {
  /** Everything that the subject is. */
  readonly principals: readonly Principal[];
  readonly suspended: boolean;
  /** When the user was signed out last; `undefined`: never. It ends credentials, and decides nothing here. */
  readonly signedOutAt: number | undefined;
}

const NO_PRINCIPALS: readonly Principal[] = Object.freeze([]);
const ONLY_ANYONE = Object.freeze([ANYONE]);
const ONLY_AUTHENTICATED = Object.freeze([AUTHENTICATED]);
const TIERS_OF_ANYONE = Object.freeze([ONLY_ANYONE]);

export class Authorizer {
  readonly #reader: FactsReader;
  readonly #policy: Policy;
  readonly #clock: Clock;

  constructor(reader: FactsReader, policy: Policy, clock: Clock) {
    this.#reader = reader;
    this.#policy = policy;
    this.#clock = clock;
  }

  /** @throws NotKnown when the facts cannot be had, or are being exchanged */
  authorize(question: Question): Awaitable<Decision> {
    const facts = this.#reader.read(question.path, question.subject.user);
    if (facts instanceof Promise) return facts.then((loaded) => this.#decide(question, loaded));
    return this.#decide(question, facts);
  }

  /**
   * What a link allows, whoever the visitor is: a file that is being exchanged is not told of all the same, and one
   * that has expired is opened by none.
   *
   * @throws NotKnown as `authorize` does
   */
  authorizeByLink(path: ResourcePath, reason: Reason): Awaitable<Decision> {
    const facts = this.#reader.read(path, undefined);
    if (facts instanceof Promise) return facts.then((loaded) => this.#allow(path, loaded, reason));
    return this.#allow(path, facts, reason);
  }

  /** The decision with every grant that bears on it. It answers while a path is being exchanged, too. */
  async explain(question: Question): Promise<ExplainedQuestion> {
    const facts = await this.#reader.read(question.path, question.subject.user);
    const request = requestOf(question, facts, this.#policy);
    return {
      ...explain(request, facts.chain, this.#clock()),
      principals: request.tiers.flat(),
      suspended: facts.standing.suspended,
      signedOutAt: facts.standing.signedOutAt,
    };
  }

  #decide(question: Question, facts: Facts): Decision {
    refuseCommitting(question.path, facts);
    return decide(requestOf(question, facts, this.#policy), facts.chain, this.#clock());
  }

  #allow(path: ResourcePath, facts: Facts, reason: Reason): Decision {
    refuseCommitting(path, facts);
    const ended = fileExpired(facts.chain, this.#clock());
    return ended === undefined ? { outcome: 'allow', reason } : { outcome: refusal(false), reason: ended };
  }
}

function refuseCommitting(path: ResourcePath, facts: Facts): void {
  if (facts.chain.some(({ committing }) => committing))
    throw new NotKnown('committing', `${path} is being replaced`);
}

/** The principals of a subject with this standing (DESIGN §5); a suspended user has none but `anyone`. */
export function requestOf(question: Question, facts: Facts, policy: Policy): DecisionRequest {
  const { subject, action, path } = question;
  const outOfScope = !isWithinScope(subject, action, path);
  const known = subject.authenticated && !facts.standing.suspended && !outOfScope;
  const tiers = known ? tiersOf(subject, facts.standing.groups) : TIERS_OF_ANYONE;
  return {
    authenticated: subject.authenticated,
    outOfScope,
    tiers,
    administrator: known ? administratorIn(tiers, policy) : undefined,
    builtIn: homeGrant(policy, known ? subject.user : undefined, path),
    action,
  };
}

/** Whether the subject's credential is good for this; what the user may is another question. */
export function isWithinScope({ scope }: Subject, action: Action, path: ResourcePath): boolean {
  return scope === undefined || reaches(scope, action, path);
}

function reaches(scope: Scope, action: Action, path: ResourcePath): boolean {
  if (!includes(scope.action, action)) return false;
  return isFolder(scope.path) ? path.startsWith(scope.path) : path === scope.path;
}

function tiersOf(subject: Subject, stored: readonly Principal[]): readonly (readonly Principal[])[] {
  return [
    subject.user === undefined ? NO_PRINCIPALS : [subject.user],
    union(subject.groups, stored),
    ONLY_AUTHENTICATED,
    ONLY_ANYONE,
  ];
}

function union(claimed: readonly Principal[], stored: readonly Principal[]): readonly Principal[] {
  if (stored.length === 0) return claimed;
  return claimed.length === 0 ? stored : [...claimed, ...stored];
}

function administratorIn(tiers: readonly (readonly Principal[])[], policy: Policy): Principal | undefined {
  if (policy.administrators.size === 0) return undefined;
  for (const tier of tiers) {
    for (const principal of tier) {
      if (policy.administrators.has(principal)) return principal;
    }
  }
  return undefined;
}
