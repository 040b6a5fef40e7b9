/**
 * Holds every answer of a load against what the writers did: nobody is allowed by a state older than the bound, or in spite
 * of a receipt that named all; and nobody is refused so either, since not knowing is 503. It is pure: whoever feeds it reads
 * one clock that never goes back, and tells it of everything in the order in which it happened.
 */

export type Right = 'granted' | 'revoked';

export interface Answered {
  readonly file: string;
  readonly node: number;
  /** Before the first byte of the question went out. */
  readonly sentAt: number;
  /** When the answer was here. */
  readonly at: number;
  readonly status: number;
}

export interface Violation extends Answered {
  readonly right: Right;
  readonly since: 'receipt' | 'bound';
  /** How much later than it may have been wrong the question was sent. */
  readonly lateMs: number;
}

interface Settled {
  readonly right: Right;
  readonly committedAt: number;
  /** A question that was sent later must be answered by it. */
  from: number;
  since: Violation['since'];
  /** The first refusal of each node to what was asked after the commit. */
  readonly refusedAt: Map<number, number>;
}

const ALLOWED = 200;
/** All that a visitor can take for a decision. */
const REFUSALS: readonly number[] = [401, 403, 404];

export class JudgedAnswers {
  readonly #boundMs: number;
  readonly #nodes: number;
  readonly #settled = new Map<string, Settled>();
  readonly #violations: Violation[] = [];
  #judged = 0;

  constructor(nodes: number, boundMs: number) {
    this.#nodes = nodes;
    this.#boundMs = boundMs;
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  /** Answers that could have been violations: to what was sent when only one of the two was right. */
  get judged(): number {
    return this.#judged;
  }

  /** Before a write goes out, and where it is not known whether one was made: either is right. */
  changing(file: string): void {
    this.#settled.delete(file);
  }

  /** The write has returned. */
  committed(file: string, right: Right, at: number): void {
    const from = at + this.#boundMs;
    this.#settled.set(file, { right, committedAt: at, from, since: 'bound', refusedAt: new Map() });
  }

  /** A receipt of the last write has named all. */
  effective(file: string, at: number): void {
    const settled = this.#settled.get(file);
    if (settled === undefined || at >= settled.from) return;
    settled.from = at;
    settled.since = 'receipt';
  }

  /** Whatever is asked later has one right answer. Infinity: that is not known. */
  from(file: string): number {
    return this.#settled.get(file)?.from ?? Number.POSITIVE_INFINITY;
  }

  /** From the commit until each node had refused; undefined: one has not. */
  refusedAfterMs(file: string): number | undefined {
    const settled = this.#settled.get(file);
    if (settled === undefined || settled.refusedAt.size < this.#nodes) return undefined;
    return Math.max(...settled.refusedAt.values()) - settled.committedAt;
  }

  answered(answer: Answered): void {
    const settled = this.#settled.get(answer.file);
    if (settled === undefined) return;
    const { right, committedAt, from, since, refusedAt } = settled;
    const isRefused = REFUSALS.includes(answer.status);
    if (isRefused && answer.sentAt > committedAt && !refusedAt.has(answer.node)) {
      refusedAt.set(answer.node, answer.at);
    }
    if (answer.sentAt <= from) return;
    this.#judged += 1;
    const isWrong = right === 'granted' ? isRefused : answer.status === ALLOWED;
    if (isWrong) this.#violations.push({ ...answer, right, since, lateMs: answer.sentAt - from });
  }
}
