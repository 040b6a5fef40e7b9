/**
 * What every store must agree on (src/acl/ports.ts), whichever way it keeps its data. A new store passes
 * this suite before anything uses it. The rules are in the contract-*.ts files.
 */

import type { Test } from 'tap';
import { countsContract } from './contract-counts.js';
import { credentialsContract } from './contract-credentials.js';
import { digestsContract } from './contract-digests.js';
import { factsContract } from './contract-facts.js';
import { filesContract } from './contract-files.js';
import { grantsContract } from './contract-grants.js';
import { importContract } from './contract-import.js';
import { lifeContract } from './contract-life.js';
import { linkCountsContract } from './contract-link-counts.js';
import { listingsContract } from './contract-listings.js';
import { membersContract } from './contract-members.js';
import { movesContract } from './contract-moves.js';
import { namesContract } from './contract-names.js';
import { quotasContract } from './contract-quotas.js';
import { recordsContract } from './contract-records.js';
import { rulesOf } from './contract-rule.js';
import { shareLinksContract } from './contract-share-links.js';
import { signedUrlsContract } from './contract-signed-urls.js';
import { treeContract } from './contract-tree.js';
import { versionContract, writesContract } from './contract-writes.js';
import type { OpenStore } from './given.js';

export function storeContract(t: Test, name: string, open: OpenStore): void {
  t.test(`${name}: names`, async (t) => namesContract(rulesOf(t, open)));
  t.test(`${name}: grants`, async (t) => grantsContract(rulesOf(t, open)));
  t.test(`${name}: listings`, async (t) => listingsContract(rulesOf(t, open)));
  t.test(`${name}: imports`, async (t) => importContract(rulesOf(t, open)));
  t.test(`${name}: groups and suspensions`, async (t) => membersContract(rulesOf(t, open)));
  t.test(`${name}: credentials`, async (t) => credentialsContract(rulesOf(t, open)));
  t.test(`${name}: signed URLs`, async (t) => signedUrlsContract(rulesOf(t, open)));
  t.test(`${name}: share links`, async (t) => shareLinksContract(rulesOf(t, open)));
  t.test(`${name}: what is counted of links`, async (t) => linkCountsContract(rulesOf(t, open)));
  t.test(`${name}: failures that are counted`, async (t) => countsContract(rulesOf(t, open)));
  t.test(`${name}: revisions and what they touch`, async (t) => writesContract(rulesOf(t, open)));
  t.test(`${name}: loads`, async (t) => factsContract(rulesOf(t, open)));
  t.test(`${name}: files and the journal`, async (t) => filesContract(rulesOf(t, open)));
  t.test(`${name}: records, listed and mended`, async (t) => recordsContract(rulesOf(t, open)));
  t.test(`${name}: the end of files`, async (t) => lifeContract(rulesOf(t, open)));
  t.test(`${name}: the SHA-256 of files`, async (t) => digestsContract(rulesOf(t, open)));
  t.test(`${name}: moves`, async (t) => movesContract(rulesOf(t, open)));
  t.test(`${name}: a path and all below it`, async (t) => treeContract(rulesOf(t, open)));
  t.test(`${name}: quotas`, async (t) => quotasContract(rulesOf(t, open)));
}

/** What a store keeps besides, that answers at once. */
export function ownStoreContract(t: Test, name: string, open: OpenStore): void {
  t.test(`${name}: the version`, async (t) => versionContract(rulesOf(t, open)));
}
