/**
 * What is looked at in the bytes of an upload: whether their type may be uploaded, and what the operator's scan says.
 * It only reads; what it refuses is dropped by whoever asks.
 */

import type { ResourcePath } from '../acl/resource-path.js';
import type { FileTypes } from './file-types.js';
import { type SiteTypes, TypesByFolder } from './folder-types.js';
import { isAsNamed, typeOfName, typeProblem } from './media-types.js';
import { UploadProblem } from './problem.js';
import type { Scan, ScannedFile } from './scan.js';

export interface Inspected extends ScannedFile {
  /** `as-named`: what is in it has to be what its name says. */
  readonly content: 'any' | 'as-named';
}

export interface InspectionDeps {
  readonly rules: SiteTypes;
  readonly fileTypes: Pick<FileTypes, 'of'>;
  /** `undefined`: nobody has to say yes. */
  readonly scan: Scan | undefined;
  /** For the log. */
  readonly onRefused: (refused: {
    readonly path: ResourcePath;
    readonly bytes: number;
    readonly reason: string;
  }) => void;
}

export class Inspection {
  readonly #deps: InspectionDeps;
  readonly #types: TypesByFolder;

  constructor(deps: InspectionDeps) {
    this.#deps = deps;
    this.#types = new TypesByFolder(deps.rules);
  }

  /** @throws UploadProblem `type-refused`, `scan-refused`; NotKnown */
  async check(inspected: Inspected): Promise<void> {
    await this.#checkType(inspected);
    const { scan, onRefused } = this.#deps;
    const verdict = await scan?.(inspected);
    if (verdict?.kind !== 'no') return;
    const { path, bytes } = inspected;
    onRefused({ path, bytes, reason: verdict.reason });
    throw new UploadProblem(
      'scan-refused',
      'The scan of this site refuses the file; send another one, or ask the operator what is wrong with it.',
    );
  }

  /**
   * A name with another ending makes another type of the same bytes, and in another folder other types may be taken.
   *
   * @throws UploadProblem, NotKnown
   */
  async checkRename(file: string, from: ResourcePath, to: ResourcePath): Promise<void> {
    const isSame = typeOfName(from) === typeOfName(to) && !this.#types.differ(from, to);
    if (!isSame) await this.#checkType({ file, path: to, content: 'any' });
  }

  /** Nobody looks into all the files of a folder while its paths answer 503. @throws UploadProblem */
  checkFolder(from: ResourcePath, to: ResourcePath): void {
    if (!this.#types.differ(from, to)) return;
    throw new UploadProblem(
      'conflict',
      'Other types of files are taken there, or in a folder of it; move the files one by one.',
    );
  }

  async #checkType({ file, path, content }: Pick<Inspected, 'file' | 'path' | 'content'>): Promise<void> {
    const { fileTypes } = this.#deps;
    const rules = this.#types.at(path);
    if (rules.allowed.length + rules.refused.length === 0 && content === 'any') return;
    const found = await fileTypes.of({ file, named: typeOfName(path) });
    const problem = typeProblem(rules, path, found);
    if (problem !== undefined) throw refused(problem);
    if (content === 'any' || isAsNamed(path, found)) return;
    throw refused(`its name says that it is ${typeOfName(path)}, and it is ${found.type}`);
  }
}

function refused(problem: string): UploadProblem {
  return new UploadProblem(
    'type-refused',
    `This type of file is not taken here: ${problem}; send another file.`,
  );
}
