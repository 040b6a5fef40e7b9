/** The path that something new gets: what is there keeps its names, and the rest is composed, however deep it lies. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { newPath } from '../../src/uploads/new-path.js';
import { path, rootIn } from './given.js';

const OLD = 'e\u0301';
const NEW = '\u00e9';

t.test('names that are there stay, and what comes behind them is composed', async (t) => {
  const folder = t.testdir();
  const root = rootIn(folder);
  await root.prepare();
  const base = `${folder}/store/files`;
  mkdirSync(`${base}/${OLD}/${OLD}`, { recursive: true });
  writeFileSync(`${base}/${OLD}/file${OLD}`, '');
  symlinkSync(OLD, `${base}/link${OLD}`);
  const cases = [
    [`/${OLD}/`, `/${OLD}/`],
    [`/${OLD}/x${OLD}`, `/${OLD}/x${NEW}`],
    [`/${OLD}/${OLD}/${OLD}/${OLD}`, `/${OLD}/${OLD}/${NEW}/${NEW}`],
    [`/${OLD}/file${OLD}`, `/${OLD}/file${OLD}`],
    [`/${OLD}/file${OLD}/${OLD}`, `/${OLD}/file${NEW}/${NEW}`],
    [`/link${OLD}`, `/link${OLD}`],
    [`/link${OLD}/${OLD}`, `/link${NEW}/${NEW}`],
    [`/x/${OLD}`, `/x/${NEW}`],
    [`/${NEW}/${OLD}`, `/${NEW}/${NEW}`],
  ] as const;
  for (const [asked, got] of cases) t.equal(await newPath(root, path(asked)), got, asked);
});

t.test('a very deep path keeps nobody waiting', async (t) => {
  const root = rootIn(t.testdir());
  await root.prepare();
  const deep = `/${'a/'.repeat(1_900)}`;
  const before = process.cpuUsage();
  t.equal(await newPath(root, path(deep + OLD)), deep + NEW);
  const { user, system } = process.cpuUsage(before);
  t.ok(user + system < 2_000_000, 'it took 14 s of the processor');
});
