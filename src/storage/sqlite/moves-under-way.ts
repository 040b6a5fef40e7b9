/** The moves that stand in the journal, for whoever must not write where one is under way. */

import type { Database, Statement } from 'better-sqlite3';
import type { ResourcePath } from '../../acl/resource-path.js';
import { type MovePaths, notMoving, refuseMoving } from '../moving-paths.js';

export class MovesUnderWay {
  readonly #all: Statement<[], MovePaths>;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT source, target FROM moves');
  }

  /** Of these paths, the ones that no move has to do with. */
  except(paths: readonly ResourcePath[]): ReadonlySet<ResourcePath> {
    return notMoving(paths, this.#all.all());
  }

  /** @throws NotKnown `committing` where a move has to do with one of them */
  refuse(paths: readonly ResourcePath[]): void {
    refuseMoving(paths, this.#all.all());
  }
}
