/** Clients race for the last download, of two processes and of two connections of one: one of them gets it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openSqliteStore } from '../../src/storage/sqlite/open.js';
import { plainEnvironment } from '../nginx/running-site.js';
import { linkRecord, NOW } from './given-links.js';
import { holdWriteLock } from './other-process.js';

const PROGRAM = fileURLToPath(new URL('racing-process.ts', import.meta.url));
const DOWNLOADS_MAX = 3;
const UNTIL = NOW + 60_000;
/** The race is run so often, since one may be won by chance. */
const RACES = 10;

async function given(t: Test) {
  const file = `${t.testdir()}/store.db`;
  const store = openSqliteStore(file);
  t.teardown(() => store.close());
  for (let race = 0; race < RACES; race++) {
    const link = linkRecord(`l${race}`, { downloads: DOWNLOADS_MAX - 1 }, { downloadsMax: DOWNLOADS_MAX });
    await store.shareLinks.addLink(link);
  }
  const downloads = async (race: number) => (await store.shareLinks.link(`l${race}`))?.downloads;
  return { file, store, downloads };
}

const ONE_OF_TEN = [...Array(9).fill('exhausted'), 'opened'];

t.test('of two connections', async (t) => {
  const { file, store, downloads } = await given(t);
  const other = openSqliteStore(file);
  t.teardown(() => other.close());
  for (let race = 0; race < RACES; race++) {
    const racing = Array.from({ length: 10 }, (_, i) => {
      const { linkCounts } = i % 2 === 0 ? store : other;
      const terms = { linkId: `l${race}`, now: NOW, until: UNTIL, downloadsMax: DOWNLOADS_MAX };
      return linkCounts.lease({ ...terms, clients: [`client ${i}`] });
    });
    t.strictSame((await Promise.all(racing)).toSorted(), ONE_OF_TEN);
    t.equal(await downloads(race), DOWNLOADS_MAX);
  }
});

t.test(
  'a client that asks twice at once, while neither can be written, comes for one download',
  async (t) => {
    const { file, store, downloads } = await given(t);
    const holder = await holdWriteLock(t, file);
    const terms = { linkId: 'l0', now: NOW, until: UNTIL, downloadsMax: DOWNLOADS_MAX };
    const both = [['cookie', 'address'], ['address']].map((clients) =>
      store.linkCounts.lease({ ...terms, clients }),
    );
    await holder.release();
    t.strictSame(await Promise.all(both), ['opened', 'held']);
    t.equal(await downloads(0), DOWNLOADS_MAX);
  },
);

t.test('of two processes', async (t) => {
  const { file, downloads } = await given(t);
  const race = 0;
  const racers = await Promise.all(['a', 'b'].map((name) => racer(t, file, name, race)));
  for (const { go } of racers) go();
  const answers = await Promise.all(racers.map(({ answers }) => answers()));
  t.strictSame(answers.flat().toSorted(), ONE_OF_TEN);
  t.equal(await downloads(race), DOWNLOADS_MAX);
});

/** Started, with its store open, and waiting for `go`. */
async function racer(t: Test, file: string, name: string, race: number) {
  const words = [file, `l${race}`, name, NOW, UNTIL, DOWNLOADS_MAX].map(String);
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: plainEnvironment({}),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  t.teardown(async () => {
    child.kill();
    await ended;
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child.stdout, 'data');
  return {
    go: () => child.stdin.write('go\n'),
    answers: async (): Promise<string[]> => {
      await ended;
      return JSON.parse(said.replace('ready\n', ''));
    },
  };
}
