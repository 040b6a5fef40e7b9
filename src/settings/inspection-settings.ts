/** What is looked at in uploads, as the settings have it. Called by `config.ts`. */

import { type FolderTypes, type SiteTypes, typeContradictions } from '../uploads/folder-types.js';

export interface InspectionSettings {
  readonly rules: SiteTypes;
  /** A program by its absolute path, and its arguments. */
  readonly scanCommand: readonly string[] | undefined;
  readonly scanUrl: string | undefined;
  readonly scanTimeoutMs: number;
}

interface Values {
  readonly LATCHKEY_UPLOAD_TYPES: readonly string[];
  readonly LATCHKEY_UPLOAD_TYPES_REFUSED: readonly string[];
  readonly LATCHKEY_UPLOAD_TYPES_BY_FOLDER: readonly FolderTypes[];
  readonly LATCHKEY_SCAN_COMMAND: readonly string[] | undefined;
  readonly LATCHKEY_SCAN_URL: string | undefined;
  readonly LATCHKEY_SCAN_TIMEOUT: number;
}

export function inspectionSettings(values: Values): InspectionSettings {
  return Object.freeze({
    rules: siteTypes(values),
    scanCommand: values.LATCHKEY_SCAN_COMMAND,
    scanUrl: values.LATCHKEY_SCAN_URL,
    scanTimeoutMs: values.LATCHKEY_SCAN_TIMEOUT,
  });
}

type TypeValues = Pick<
  Values,
  'LATCHKEY_UPLOAD_TYPES' | 'LATCHKEY_UPLOAD_TYPES_REFUSED' | 'LATCHKEY_UPLOAD_TYPES_BY_FOLDER'
>;

function siteTypes(values: TypeValues): SiteTypes {
  return {
    allowed: values.LATCHKEY_UPLOAD_TYPES,
    refused: values.LATCHKEY_UPLOAD_TYPES_REFUSED,
    folders: values.LATCHKEY_UPLOAD_TYPES_BY_FOLDER,
  };
}

/** As problems of the settings. */
export function typeProblems(values: TypeValues): readonly string[] {
  return typeContradictions(siteTypes(values)).map(
    (clause) => `LATCHKEY_UPLOAD_TYPES, _REFUSED and _BY_FOLDER contradict each other: ${clause}`,
  );
}
