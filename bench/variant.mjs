// The built program with single texts replaced, beside itself: what a constant or a shortcut is worth is measured
// against the same program without it. A text that is not there once throws: a variant cannot go stale unnoticed.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const VARIANTS = `${DIST}.variants/`;

/** @param changes [file in dist, from, to]; answers with the variant's folder, which ends in a slash */
export function buildVariant(name, changes) {
  const folder = `${VARIANTS}${name.replaceAll(/\W+/g, '-')}/`;
  rmSync(folder, { recursive: true, force: true });
  for (const entry of readdirSync(DIST)) {
    if (!entry.startsWith('.')) cpSync(DIST + entry, folder + entry, { recursive: true });
  }
  for (const [file, from, to] of changes) {
    const parts = readFileSync(folder + file, 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`${file} has ${JSON.stringify(from)} ${parts.length - 1} times`);
    writeFileSync(folder + file, parts.join(to));
  }
  return folder;
}

export function dropVariants() {
  rmSync(VARIANTS, { recursive: true, force: true });
}
