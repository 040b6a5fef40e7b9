// What a bench has started and made goes when it ends, the last first: also when it fails, and by Ctrl-C.

const SIGNALS = { SIGINT: 130, SIGTERM: 143 };

/** @param work is given `ends`, which takes what the helpers of the tests tear down, too. Answers with what it answers */
export async function withEnds(work) {
  const list = [];
  let begun = Promise.resolve();
  let ending;
  let stopping;
  const endAll = async () => {
    for (let end = list.pop(); end !== undefined; end = list.pop()) {
      try {
        await end();
      } catch (error) {
        console.error(`bench: ${error.message}`);
      }
    }
  };
  const end = () => {
    ending ??= endAll();
    return ending;
  };
  const stop = (signal) => {
    stopping ??= begun.then(end).then(() => process.exit(SIGNALS[signal]));
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, stop);
  try {
    return await work({
      teardown: (one) => list.push(one),
      /** What is just being started can be ended when it has started: until then a signal waits. */
      starting: (one) => {
        begun = Promise.allSettled([begun, one]);
        return one;
      },
    });
  } finally {
    await end();
    await stopping; // whatever fails since it was ended is no failure
    for (const signal of Object.keys(SIGNALS)) process.off(signal, stop);
  }
}

export function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}
