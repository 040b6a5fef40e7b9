/**
 * Grants and revokes of one file after another, each held until its receipt and until every node was asked about it once
 * more, under a load that asks about all of them all the time. What came of it is judged as it comes.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { NotKnown, StoreBusy } from '../../src/acl/errors.js';
import type { Ending } from '../commands/program.js';
import { tokenFor } from '../nginx/running-site.js';
import { draft, path, principal } from '../storage/given.js';
import { EachNode } from './each-node.js';
import { openWriter, SECRET, type Writer } from './fleet.js';
import { JudgedAnswers, type Right } from './judged-answers.js';
import { startLoad } from './node-load.js';
import type { Nodes, NodesOptions } from './nodes.js';

/** Between two attempts of a writer whose store is away. */
const RETRY_MS = 20;

export interface Scene {
  readonly nodes: Nodes;
  readonly judged: JudgedAnswers;
  readonly each: EachNode;
  /** By a writer of the file's own: whether a visitor of its own may read it. Resolves when the write has returned, with what the receipt says. */
  change(file: string, right: Right): Promise<Changed>;
}

export interface Changed {
  readonly committedAt: number;
  /** All have confirmed it; false too where nobody could say. It never rejects, and is waited for before another change. */
  readonly isEffective: Promise<boolean>;
}

/** Nobody may read anything yet. The load goes on until the end. */
export async function startScene(
  t: Ending,
  nodes: Nodes,
  { boundMs, files, redis, postgres }: NodesOptions,
): Promise<Scene> {
  // All before anything is away: one that opens a store then fails.
  const writers = new Map<string, Writer>();
  for (const file of files) writers.set(file, await openWriter(t, postgres.url(), redis?.url));
  const judged = new JudgedAnswers(nodes.all.length, boundMs);
  const each = new EachNode(nodes.all.length);
  const ports = nodes.all.map(({ port }) => port);
  const asked = files.map((file) => ({ file, token: tokenFor(SECRET, visitorOf(file)) }));
  startLoad(t, ports, asked, (answer) => {
    judged.answered(answer);
    each.answered(answer);
  });
  return {
    nodes,
    judged,
    each,
    change: async (file, right) => {
      const writer = writers.get(file);
      if (writer === undefined) throw new Error(`nobody asks about ${file}`);
      judged.changing(file);
      const { revision } = await written(writer, file, right);
      const committedAt = performance.now();
      judged.committed(file, right, committedAt);
      const isEffective = writer.receiptOf(revision).then(
        ({ confirmed, authorizers }) => {
          if (confirmed === authorizers) judged.effective(file, performance.now());
          return confirmed === authorizers;
        },
        () => false,
      );
      return { committedAt, isEffective };
    },
  };
}

function visitorOf(file: string): string {
  return `reader-of-${file.slice(1)}`;
}

function written({ store }: Writer, file: string, right: Right) {
  const visitor = `user:${visitorOf(file)}`;
  if (right === 'granted') return store.acl.putGrants([draft(`${visitor} read ${file}`)]);
  const selection = { principal: principal(visitor), path: path(file), effect: 'allow' } as const;
  return store.acl.removeGrants({ ...selection, actions: ['read'] });
}

/** What the revokes of one or more writers took, in milliseconds from the commit. */
export interface Figures {
  /** Until the receipt, where it named all. */
  readonly receiptMs: number[];
  /** Until the first refusal of the last node. */
  readonly refusedMs: number[];
  revokes: number;
}

/** @param goOn asked before each grant */
export async function alternateAll(
  scene: Scene,
  files: readonly string[],
  goOn: () => boolean,
): Promise<Figures> {
  const figures: Figures = { receiptMs: [], refusedMs: [], revokes: 0 };
  await Promise.all(files.map((file) => alternate(scene, file, goOn, figures)));
  return figures;
}

/** The same for as long as `work` takes. */
export async function alternateDuring<T>(
  scene: Scene,
  files: readonly string[],
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly figures: Figures }> {
  let isOver = false;
  const alternating = alternateAll(scene, files, () => !isOver);
  const worked = work().finally(() => {
    isOver = true;
  });
  const [result, figures] = await Promise.all([worked, alternating]);
  return { result, figures };
}

async function alternate(scene: Scene, file: string, goOn: () => boolean, figures: Figures): Promise<void> {
  const { judged, each } = scene;
  while (goOn()) {
    try {
      const granted = await scene.change(file, 'granted');
      await granted.isEffective;
      await each.until(file, { sentAfter: judged.from(file) });
      const revoked = await scene.change(file, 'revoked');
      if (await revoked.isEffective) figures.receiptMs.push(performance.now() - revoked.committedAt);
      await each.until(file, { sentAfter: judged.from(file) });
      const refusedMs = judged.refusedAfterMs(file);
      if (refusedMs !== undefined) figures.refusedMs.push(refusedMs);
      figures.revokes += 1;
    } catch (error) {
      if (!isAway(error)) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** Of a store that is away, or that did not say what became of a write. */
function isAway(error: unknown): boolean {
  return error instanceof NotKnown || error instanceof StoreBusy;
}
