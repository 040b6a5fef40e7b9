/** What a command that takes a right away prints last: where that is in force, when others decide by the same store. */

import { formatInstant } from '../acl/instant.js';
import { receiptJson, receiptLine, receiptWarnings } from '../acl/receipt-json.js';
import { flag, type Invocation, type OptionSpecs } from './command.js';
import type { Session } from './session.js';

export const waitOptions: OptionSpecs = {
  'no-wait': flag('with PostgreSQL: return without waiting until every authorizer decides by it'),
};

/** For the help of a command. */
export const WAIT_DETAILS: readonly string[] = [
  'With PostgreSQL it waits until every authorizer decides by it, and says so; with --no-wait it does not wait.',
];

/** With these a command that was told not to wait, or that nobody answers, says what holds at the latest. */
export async function resultInForce(
  { options, output, config }: Invocation,
  { receipts }: Pick<Session, 'receipts'>,
  { revision, ...value }: { readonly revision: number; readonly [field: string]: unknown },
  lines: readonly string[],
): Promise<void> {
  const latest = Date.now() + config.stalenessMaxMs;
  if (receipts === undefined) return output.result({ ...value, revision }, lines);
  if (options['no-wait'] === true) {
    output.result({ ...value, revision }, lines);
    return output.note(`in force on every authorizer from ${formatInstant(latest)} on, at the latest`);
  }
  try {
    const receipt = await receipts.receiptOf(revision);
    output.result({ ...value, revision, effective: receiptJson(receipt) }, [...lines, receiptLine(receipt)]);
    for (const warning of receiptWarnings(receipt)) output.note(warning);
  } catch (error) {
    output.result({ ...value, revision }, lines);
    const why = (error as Error).message;
    output.note(
      `which authorizers decide by it is not known: ${why}; all do from ${formatInstant(latest)} on, at the latest`,
    );
  }
}
