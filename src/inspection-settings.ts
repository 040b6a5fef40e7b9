/** What is looked at in uploads, as the settings have it. Called by `config.ts`. */

import type { TypeRules } from './uploads/media-types.js';

export interface InspectionSettings {
  readonly rules: TypeRules;
  /** A program by its absolute path, and its arguments. */
  readonly scanCommand: readonly string[] | undefined;
  readonly scanUrl: string | undefined;
  readonly scanTimeoutMs: number;
}

interface Values {
  readonly LATCHKEY_UPLOAD_TYPES: readonly string[];
  readonly LATCHKEY_UPLOAD_TYPES_REFUSED: readonly string[];
  readonly LATCHKEY_SCAN_COMMAND: readonly string[] | undefined;
  readonly LATCHKEY_SCAN_URL: string | undefined;
  readonly LATCHKEY_SCAN_TIMEOUT: number;
}

export function inspectionSettings(values: Values): InspectionSettings {
  return Object.freeze({
    rules: { allowed: values.LATCHKEY_UPLOAD_TYPES, refused: values.LATCHKEY_UPLOAD_TYPES_REFUSED },
    scanCommand: values.LATCHKEY_SCAN_COMMAND,
    scanUrl: values.LATCHKEY_SCAN_URL,
    scanTimeoutMs: values.LATCHKEY_SCAN_TIMEOUT,
  });
}
