// What a bench has started and made goes when it ends, the last first: also when it fails, and on Ctrl-C.

/** `ends` takes what the helpers of the tests tear down, too. */
export async function withEnds(work) {
  const list = [];
  const end = async () => {
    for (let one = list.pop(); one !== undefined; one = list.pop()) await one();
  };
  const stop = async () => {
    await end();
    process.exit(130);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await work({ teardown: (one) => list.push(one) });
  } finally {
    await end();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
