/**
 * A process that publishes one revision and closes its feed, as a command does. At its end it says whether anything of the
 * feed has kept it behind that for longer than a timer of its own, which keeps nothing. Run by Node itself, which strips
 * the types.
 */

const [url = ''] = process.argv.slice(2);
const built = (module: string) =>
  import(new URL(`../../dist/storage/change-feed/${module}.js`, import.meta.url).href);
const { parseRedisAddress }: typeof import('../../src/storage/change-feed/redis-address.js') =
  await built('redis-address');
const { RedisFeed }: typeof import('../../src/storage/change-feed/redis-feed.js') = await built('redis-feed');

/** The driver's own goodbye is two seconds. Timers of one process come in their order, however busy the machine is. */
const LATE_MS = 1_500;
let end = 'ended';
const feed = new RedisFeed(parseRedisAddress(url), { onLost: () => {}, onFound: () => {} });
feed.publish(1);
await new Promise((resolve) => setTimeout(resolve, 100)); // as a command works: refused by then, or asked
await feed.close();
setTimeout(() => {
  end = 'kept';
}, LATE_MS).unref();
process.on('exit', () => process.stdout.write(end));
