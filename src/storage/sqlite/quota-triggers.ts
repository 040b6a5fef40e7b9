/** What the triggers of the migration of quotas do, each once. As part of a released migration it is never edited. */

export const addToOwner = `INSERT INTO usages SELECT NEW.owner, NEW.bytes, 1 WHERE NEW.owner IS NOT NULL
    ON CONFLICT (subject) DO UPDATE SET bytes = bytes + excluded.bytes, files = files + 1;`;

export const takeFromOwner =
  'UPDATE usages SET bytes = bytes - OLD.bytes, files = files - 1 WHERE subject = OLD.owner;';

export const someFolderHasQuota = "EXISTS (SELECT 1 FROM quotas WHERE subject >= '/' AND subject < '0')";

/** `version` is NEW or OLD. */
const foldersAbove = (version: string) =>
  `SELECT substr(${version}.path, 1, n) FROM path_lengths
   WHERE n <= length(${version}.path) AND substr(${version}.path, n, 1) = '/'`;

export const addToFolders = `UPDATE usages SET bytes = bytes + NEW.bytes, files = files + 1
    WHERE subject IN (${foldersAbove('NEW')});`;

export const takeFromFolders = `UPDATE usages SET bytes = bytes - OLD.bytes, files = files - 1
    WHERE subject IN (${foldersAbove('OLD')});`;
