/**
 * Every order in which concurrent steps can happen, each once: the scene is played again from the start for
 * each order, by a depth-first walk through its choices. No clock, no chance.
 */

export interface Scene {
  /** The steps that could happen next, always in the same order; none: the scene is over. */
  possible(): readonly (() => void)[];
  /** Asserts what must hold however it went. */
  finish(): Promise<void>;
}

/** Plays every order. Answers with their number. */
export async function playAll(open: () => Promise<Scene>): Promise<number> {
  const waiting: (readonly number[])[] = [[]];
  let played = 0;
  for (let plan = waiting.pop(); plan !== undefined; plan = waiting.pop()) {
    const scene = await open();
    const taken: number[] = [];
    for (let steps = scene.possible(); steps.length > 0; steps = scene.possible()) {
      const planned = plan[taken.length];
      if (planned === undefined) {
        for (let other = 1; other < steps.length; other++) waiting.push([...taken, other]);
      }
      const choice = planned ?? 0;
      steps[choice]?.();
      taken.push(choice);
      await settled();
    }
    await scene.finish();
    played += 1;
  }
  return played;
}

/** All that can go on without another step has gone on: the queue of promises is empty. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
