/** What a command that takes a right away prints last: where that is in force, when others decide by the same store. */

import { formatInstant } from '../acl/instant.js';
import { receiptJson, receiptLine, receiptWarnings } from '../acl/receipt-json.js';
import type { FileWork } from '../assembly/file-work.js';
import { flag, type Invocation, type OptionSpecs, UsageError } from './command.js';
import type { Session } from './session.js';

export const waitOptions: OptionSpecs = {
  'no-wait': flag('with PostgreSQL: return without waiting until every authorizer decides by it'),
};

/** For the help of a command. */
export const WAIT_DETAILS: readonly string[] = [
  'With PostgreSQL what can take a right away waits until every authorizer decides by it, and says so; with',
  '--no-wait it does not.',
];

/** For a verb of the same command that waits for nobody. @param verb such as `key list` */
export function refuseNoWait({ options }: Invocation, verb: string): void {
  if (options['no-wait'] !== undefined) throw new UsageError(`${verb} takes no --no-wait`);
}

/** With these a command that was told not to wait, or that nobody answers, says what holds at the latest. */
export async function resultInForce(
  { options, output }: Invocation,
  { receipts }: Pick<Session, 'receipts'>,
  { revision, ...value }: { readonly revision: number; readonly [field: string]: unknown },
  lines: readonly string[],
): Promise<void> {
  const committedAt = Date.now();
  if (receipts === undefined) return output.result({ ...value, revision }, lines);
  if (options['no-wait'] === true) {
    output.result({ ...value, revision }, lines);
    return output.note(await receipts.boundMs().then((boundMs) => latest(committedAt + boundMs), notKnown));
  }
  const receipt = await receipts.receiptOf(revision).catch((error: Error) => error);
  if (receipt instanceof Error) {
    output.result({ ...value, revision }, lines);
    return output.note(notKnown(receipt));
  }
  output.result({ ...value, revision, effective: receiptJson(receipt) }, [...lines, receiptLine(receipt)]);
  for (const warning of receiptWarnings(receipt)) output.note(warning);
}

/** The same of what was done to files. The receipt comes from where that was done. */
export async function filesInForce(
  invocation: Invocation,
  files: Pick<FileWork, 'position'>,
  value: { readonly revision?: number; readonly [field: string]: unknown },
  lines: readonly string[],
): Promise<void> {
  const position = await files.position().catch((error: Error) => error);
  if (!(position instanceof Error)) {
    return resultInForce(invocation, position, { revision: position.revision, ...value }, lines);
  }
  invocation.output.result(value, lines);
  invocation.output.note(notKnown(position));
}

function latest(instant: number): string {
  return `in force on every authorizer from ${formatInstant(instant)} on, at the latest`;
}

function notKnown({ message }: Error): string {
  return `which authorizers decide by it is not known: ${message}; each does when its LATCHKEY_STALENESS_MAX_MS has passed`;
}
