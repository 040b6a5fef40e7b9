/** Which answers of a remote store are of another store, and which are only late. */

import t from 'tap';
import { Lineage, type ShownState } from '../../src/storage/postgres/lineage.js';

/** `a5`: revision 5 of the history a, whose marks all differ from those of another; `A` is another database. */
function state(name: string): ShownState {
  const [history = '', number = ''] = [name.slice(0, 1), name.slice(1)];
  const revision = Number(number);
  const mark = (of: number) => history.toLowerCase().charCodeAt(0) * 1_000 + of;
  const marks = new Map(Array.from({ length: revision }, (_, i) => [i + 1, mark(i + 1)]));
  const identity = history === history.toLowerCase() ? 'one' : 'other';
  return { identity, revision, mark: revision === 0 ? 0 : mark(revision), marks };
}

/** Answers in the order in which they were asked for. */
const IN_ORDER: readonly (readonly [string, readonly string[], readonly number[]])[] = [
  ['a store that grows is one store', ['a0', 'a1', 'a1', 'a7'], [1, 1, 1, 1]],
  ['a store that went back is another', ['a7', 'a6'], [1, 2]],
  ['a number that came again is of another', ['a7', 'b7'], [1, 2]],
  ['a backup that was overtaken is another', ['a7', 'b9'], [1, 2]],
  ['an empty store behind a filled one is another', ['a7', 'a0'], [1, 2]],
  ['another database of the same numbers is another', ['a7', 'A7', 'A8', 'a8'], [1, 2, 2, 3]],
  ['another database is another, even an empty one', ['a0', 'A0'], [1, 2]],
];

for (const [says, answers, generations] of IN_ORDER) {
  t.test(says, async (t) => {
    const lineage = new Lineage();
    t.same(
      answers.map((name) => lineage.place(lineage.asked(), state(name))),
      generations,
    );
  });
}

/** What is known, then two questions at once: the answer to the second comes first. */
const CROSSED: readonly (readonly [string, string, string, string, readonly number[]])[] = [
  ['an answer that is late is no other store', 'a5', 'a9', 'a7', [1, 1]],
  ['a late answer from before any change is no other store', 'a5', 'a9', 'a5', [1, 1]],
  ['an answer older than what was known when it was asked for is another', 'a5', 'a9', 'a4', [1, 2]],
  ['a store that was restored between two answers is another', 'a5', 'a6', 'b9', [1, 2]],
  ['an answer from before another store was found says nothing of that one', 'a5', 'b5', 'a7', [2, 1]],
];

for (const [says, known, second, first, generations] of CROSSED) {
  t.test(says, async (t) => {
    const lineage = new Lineage();
    lineage.place(lineage.asked(), state(known));
    const asked = lineage.asked();
    const later = lineage.asked();
    t.same([lineage.place(later, state(second)), lineage.place(asked, state(first))], generations);
  });
}

t.test('a late answer takes nothing from what is known', async (t) => {
  const lineage = new Lineage();
  lineage.place(lineage.asked(), state('a5'));
  const asked = lineage.asked();
  lineage.place(lineage.asked(), state('a9'));
  lineage.place(asked, state('a7'));
  t.equal(lineage.asked().seen?.revision, 9);
  t.equal(lineage.place(lineage.asked(), state('a8')), 2, 'and a store at 8 now has gone back');
});

t.test('a history that the log has lost is another store', async (t) => {
  const lineage = new Lineage();
  lineage.place(lineage.asked(), state('a5'));
  t.equal(lineage.place(lineage.asked(), { ...state('a9'), marks: new Map() }), 2);
});
