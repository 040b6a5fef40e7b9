/** What looks at uploads before they are visible, from a Config: for the files service, or a command where none runs. */

import { accessSync, constants } from 'node:fs';
import type { Config } from '../config.js';
import { BoundedWork } from '../links/bounded-work.js';
import { FileTypes } from '../uploads/file-types.js';
import { Inspection, type InspectionDeps } from '../uploads/inspection.js';
import type { ScannedFile } from '../uploads/scan.js';
import { CommandScan } from '../uploads/scan-command.js';
import { scanByUrl } from '../uploads/scan-url.js';

/** Scans at once, and those that wait: each is an upload that nginx holds a connection for. */
const SCANS = { runningMax: 4, waitingMax: 200 } as const;

export interface InspectionParts {
  readonly inspection: Inspection;
  close(): Promise<void>;
}

/** @throws when the program of the scan is not there */
export function openInspection(
  { inspection }: Config,
  onRefused: InspectionDeps['onRefused'],
): InspectionParts {
  const { rules, scanCommand, scanUrl, scanTimeoutMs: timeoutMs } = inspection;
  const fileTypes = new FileTypes();
  const command = scanCommand && openCommand(scanCommand, timeoutMs);
  const scan =
    scanUrl === undefined
      ? command && ((file: ScannedFile) => command.scan(file))
      : (file: ScannedFile) => scanByUrl({ url: scanUrl, timeoutMs }, file);
  const turns = new BoundedWork(SCANS);
  const inTurn = scan && ((file: ScannedFile) => turns.run(() => scan(file)));
  return {
    inspection: new Inspection({ rules, fileTypes, scan: inTurn, onRefused }),
    close: async () => {
      command?.close();
      await fileTypes.close();
    },
  };
}

function openCommand(words: readonly string[], timeoutMs: number): CommandScan {
  const [program = ''] = words;
  try {
    accessSync(program, constants.X_OK);
  } catch (cause) {
    throw new Error(`${program} of LATCHKEY_SCAN_COMMAND cannot be run: install it, or mend the setting`, {
      cause,
    });
  }
  return new CommandScan({ words, timeoutMs });
}
