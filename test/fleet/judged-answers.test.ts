/** That whoever judges the answers of a load finds what is wrong, and nothing else. */

import t from 'tap';
import { JudgedAnswers, type Right } from './judged-answers.js';

const BOUND_MS = 1_000;
const NODES = 2;
const FILE = '/a';

interface Case {
  readonly says: string;
  readonly right: Right;
  /** Of a receipt that named all. */
  readonly effectiveAt?: number;
  readonly sentAt: number;
  readonly status: number;
  readonly finds?: { readonly since: string; readonly lateMs: number };
}

/** Committed at 100: without a receipt it may be wrong until 1,100. */
const CASES: readonly Case[] = [
  { says: 'within the bound', right: 'revoked', sentAt: 1_100, status: 200 },
  {
    says: 'behind the bound',
    right: 'revoked',
    sentAt: 1_101,
    status: 200,
    finds: { since: 'bound', lateMs: 1 },
  },
  {
    says: 'behind a receipt',
    right: 'revoked',
    effectiveAt: 150,
    sentAt: 151,
    status: 200,
    finds: { since: 'receipt', lateMs: 1 },
  },
  { says: 'on its way when the receipt came', right: 'revoked', effectiveAt: 150, sentAt: 150, status: 200 },
  {
    says: 'a receipt that is later than the bound',
    right: 'revoked',
    effectiveAt: 1_200,
    sentAt: 1_150,
    status: 200,
    finds: { since: 'bound', lateMs: 50 },
  },
  { says: 'refused', right: 'revoked', effectiveAt: 150, sentAt: 2_000, status: 403 },
  { says: 'not known', right: 'revoked', effectiveAt: 150, sentAt: 2_000, status: 503 },
  { says: 'no answer', right: 'revoked', effectiveAt: 150, sentAt: 2_000, status: 0 },
  { says: 'allowed', right: 'granted', effectiveAt: 150, sentAt: 2_000, status: 200 },
  { says: 'not known, though granted', right: 'granted', effectiveAt: 150, sentAt: 2_000, status: 503 },
  {
    says: 'a refusal for not knowing',
    right: 'granted',
    sentAt: 1_101,
    status: 403,
    finds: { since: 'bound', lateMs: 1 },
  },
];

t.test('finds each answer that is wrong, and no other', async (t) => {
  for (const { says, right, effectiveAt, sentAt, status, finds } of CASES) {
    const judged = new JudgedAnswers(NODES, BOUND_MS);
    judged.committed(FILE, right, 100);
    if (effectiveAt !== undefined) judged.effective(FILE, effectiveAt);
    const answer = { file: FILE, node: 0, sentAt, at: sentAt + 5, status };
    judged.answered(answer);
    t.strictSame(judged.violations, finds === undefined ? [] : [{ ...answer, right, ...finds }], says);
  }
});

t.test('while a write is on its way, and of other files, nothing is known', async (t) => {
  const judged = new JudgedAnswers(NODES, BOUND_MS);
  const late = { node: 0, sentAt: 5_000, at: 5_001, status: 200 };
  judged.committed(FILE, 'revoked', 100);
  judged.changing(FILE);
  judged.effective(FILE, 200); // of a receipt that was waited for too long
  judged.answered({ ...late, file: FILE });
  judged.answered({ ...late, file: '/b' });
  t.strictSame([judged.violations, judged.judged], [[], 0]);
  judged.committed(FILE, 'revoked', 100);
  judged.answered({ ...late, file: FILE });
  t.strictSame([judged.violations.length, judged.judged], [1, 1]);
});

t.test('an answer of before a second revoke is not held against it', async (t) => {
  const judged = new JudgedAnswers(NODES, BOUND_MS);
  judged.committed(FILE, 'revoked', 100);
  judged.changing(FILE);
  judged.committed(FILE, 'granted', 3_000);
  judged.changing(FILE);
  judged.committed(FILE, 'revoked', 3_500);
  judged.answered({ file: FILE, node: 0, sentAt: 3_100, at: 3_600, status: 200 });
  t.strictSame(judged.violations, []);
});

t.test('until each node has refused what was asked after the commit', async (t) => {
  const judged = new JudgedAnswers(NODES, BOUND_MS);
  const refusal = { file: FILE, status: 403 };
  judged.committed(FILE, 'revoked', 100);
  judged.answered({ ...refusal, node: 0, sentAt: 99, at: 110 });
  judged.answered({ ...refusal, node: 0, sentAt: 105, at: 120 });
  judged.answered({ ...refusal, node: 0, sentAt: 125, at: 150 });
  t.equal(judged.refusedAfterMs(FILE), undefined);
  judged.answered({ ...refusal, node: 1, status: 503, sentAt: 105, at: 115 });
  t.equal(judged.refusedAfterMs(FILE), undefined);
  judged.answered({ ...refusal, node: 1, sentAt: 116, at: 140 });
  t.equal(judged.refusedAfterMs(FILE), 40);
});
