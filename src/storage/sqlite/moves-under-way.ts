/** The moves that stand in the journal, for whoever must not write where one is under way. */

import type { Database, Statement } from 'better-sqlite3';
import { NotKnown } from '../../acl/errors.js';
import { overlap } from '../../acl/path-range.js';
import type { ResourcePath } from '../../acl/resource-path.js';

interface MovePaths {
  readonly source: ResourcePath;
  readonly target: ResourcePath;
}

export class MovesUnderWay {
  readonly #all: Statement<[], MovePaths>;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT source, target FROM moves');
  }

  /** Of these paths, the ones that no move has to do with. */
  except(paths: readonly ResourcePath[]): ReadonlySet<ResourcePath> {
    const moving = this.#all.all().flatMap(({ source, target }) => [source, target]);
    return new Set(paths.filter((path) => !moving.some((busy) => overlap(path, busy))));
  }

  /** @throws NotKnown `committing` where a move has to do with one of them */
  refuse(paths: readonly ResourcePath[]): void {
    for (const { source, target } of this.#all.all()) {
      const path = paths.find((one) => overlap(one, source) || overlap(one, target));
      if (path !== undefined) throw new NotKnown('committing', `${path} is being moved`);
    }
  }
}
