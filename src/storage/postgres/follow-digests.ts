/** The triggers by which digests follow the rows of files. As part of a released migration this is never edited. */

import { isPath } from './path-key.js';

const at = (path: string) => isPath(path, 'digests.path');

export const followDigests = `
  CREATE FUNCTION digest_gone() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN DELETE FROM digests WHERE ${at('OLD.path')}; RETURN NULL; END $$;
  CREATE TRIGGER digest_gone AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION digest_gone();

  CREATE FUNCTION digest_moved() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM digests WHERE ${at('NEW.path')};
    UPDATE digests SET path = NEW.path WHERE ${at('OLD.path')};
    RETURN NULL;
  END $$;
  CREATE TRIGGER digest_moved AFTER UPDATE OF path ON files FOR EACH ROW
    WHEN (OLD.path <> NEW.path) EXECUTE FUNCTION digest_moved();

  CREATE FUNCTION digest_outdated() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN DELETE FROM digests WHERE ${at('NEW.path')}; RETURN NULL; END $$;
  CREATE TRIGGER digest_outdated AFTER UPDATE OF bytes, updated_at ON files FOR EACH ROW
    WHEN (OLD.bytes <> NEW.bytes OR OLD.updated_at <> NEW.updated_at) EXECUTE FUNCTION digest_outdated();
`;
