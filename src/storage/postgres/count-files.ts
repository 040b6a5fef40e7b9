/**
 * The triggers that keep `usages` and `quota_reservations`: whatever writes a record counts, once for all rows of a
 * statement, since a move of a folder changes a million. As part of a released migration this is never edited.
 */

import { isPath, isWithin, pathKey } from './path-key.js';

const ARRIVED = 'SELECT path, owner, bytes, 1 AS files FROM arrived';
const GONE = 'SELECT path, owner, -bytes, -1 FROM gone';

/** Files of one folder are summed up before the folders above them are looked for. */
const FOLDER = "left(path, length(path) - position('/' IN reverse(path)) + 1)";

/** For the owners, and for every folder above the files that has a quota. */
const counting = (name: string, tables: string, changed: string) => `
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO usages AS u (subject, bytes, files)
    SELECT owner, sum(bytes), sum(files) FROM (${changed}) AS changed (path, owner, bytes, files)
    WHERE owner IS NOT NULL GROUP BY owner HAVING sum(bytes) <> 0 OR sum(files) <> 0
    ON CONFLICT (${pathKey('subject')})
    DO UPDATE SET bytes = u.bytes + excluded.bytes, files = u.files + excluded.files;
    IF EXISTS (SELECT 1 FROM quotas WHERE ${isWithin("'/'", "'0'", 'subject')}) THEN
      UPDATE usages AS u SET bytes = u.bytes + growth.bytes, files = u.files + growth.files
      FROM (
        SELECT above.folder, sum(bytes) AS bytes, sum(files) AS files
        FROM (
          SELECT ${FOLDER} AS folder, sum(bytes) AS bytes, sum(files) AS files
          FROM (${changed}) AS changed (path, owner, bytes, files) GROUP BY 1
        ) AS changed, folders_above(changed.folder) AS above
        GROUP BY above.folder HAVING sum(bytes) <> 0 OR sum(files) <> 0
      ) AS growth
      WHERE ${isPath('growth.folder', 'u.subject')};
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER ${name} AFTER ${tables}
    FOR EACH STATEMENT EXECUTE FUNCTION ${name}();`;

const clearing = (name: string, table: string, column: string) => `
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM quota_reservations AS kept USING gone WHERE kept.name = gone.${column};
    RETURN NULL;
  END $$;
  CREATE TRIGGER ${name} AFTER DELETE ON ${table} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION ${name}();`;

export const countFiles = `
  -- A folder and those above it: every beginning of it that ends in a slash.
  CREATE FUNCTION folders_above(text) RETURNS TABLE (folder text) LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (array_to_string(names[1:n], '/') || '/') COLLATE "C"
    FROM string_to_array($1, '/') AS names, generate_series(1, cardinality(names) - 1) AS n
  $$;
  ${counting('files_added', 'INSERT ON files REFERENCING NEW TABLE AS arrived', ARRIVED)}
  ${counting('files_gone', 'DELETE ON files REFERENCING OLD TABLE AS gone', GONE)}
  ${counting(
    'files_changed',
    'UPDATE ON files REFERENCING NEW TABLE AS arrived OLD TABLE AS gone',
    `${ARRIVED} UNION ALL ${GONE}`,
  )}
  ${clearing('journal_cleared', 'journal', 'partial')}
  ${clearing('move_cleared', 'moves', 'name')}
`;
