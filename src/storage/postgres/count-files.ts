/** The triggers that keep `usages` and `quota_reservations`. As part of a released migration this is never edited. */

import { isPath } from './path-key.js';

export const countFiles = `
  CREATE FUNCTION clear_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_TABLE_NAME = 'moves' THEN
      DELETE FROM quota_reservations WHERE name = OLD.name;
    ELSE
      DELETE FROM quota_reservations WHERE name = OLD.partial;
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER journal_cleared AFTER DELETE ON journal FOR EACH ROW EXECUTE FUNCTION clear_reservations();
  CREATE TRIGGER move_cleared    AFTER DELETE ON moves   FOR EACH ROW EXECUTE FUNCTION clear_reservations();

  -- For the owner, and for every folder above the file that has a quota.
  CREATE FUNCTION count_file(counted files, sign integer) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    IF counted.owner IS NOT NULL THEN
      INSERT INTO usages AS u VALUES (counted.owner, sign * counted.bytes, sign)
      ON CONFLICT (left(subject, 500), path_rest(subject))
      DO UPDATE SET bytes = u.bytes + excluded.bytes, files = u.files + excluded.files;
    END IF;
    IF EXISTS (SELECT 1 FROM quotas WHERE left(subject, 500) >= '/' AND left(subject, 500) < '0') THEN
      UPDATE usages SET bytes = bytes + sign * counted.bytes, files = files + sign
      FROM (
        SELECT left(counted.path, n) COLLATE "C" AS folder FROM generate_series(1, length(counted.path)) AS n
        WHERE substr(counted.path, n, 1) = '/'
      ) AS above
      WHERE ${isPath('above.folder', 'subject')};
    END IF;
  END $$;

  CREATE FUNCTION count_files() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM count_file(OLD, -1); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM count_file(NEW, 1); END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER file_counted AFTER INSERT OR UPDATE OR DELETE ON files FOR EACH ROW EXECUTE FUNCTION count_files();
`;
