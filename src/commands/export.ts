import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Grant } from '../acl/grant.js';
import { type Command, DONE, textOption, UsageError, valued } from './command.js';
import { FORMATS, type Format, headerLine, writeLine } from './grant-lines.js';
import { withStore } from './session.js';

/** Lines written at a time. */
const LINES = 1_000;

export const command: Command = {
  usage: '[--format csv|jsonl]',
  summary: 'Writes every grant to standard output, as import reads it; --json is --format jsonl.',
  options: { format: valued('csv|jsonl', 'default csv') },
  takes: [0, 0],
  run: async (invocation) => {
    const wanted = textOption(invocation.options, 'format') ?? (invocation.output.json ? 'jsonl' : 'csv');
    const format = FORMATS.find((known) => known === wanted);
    if (format === undefined) throw new UsageError(`--format takes ${FORMATS.join(' or ')}, not '${wanted}'`);
    return withStore(invocation, async ({ acl }) => {
      await pipeline(Readable.from(blocks(acl.allGrants(), format)), process.stdout, { end: false });
      return DONE;
    });
  },
};

async function* blocks(grants: AsyncIterable<Grant>, format: Format): AsyncIterable<string> {
  let block = headerLine(format);
  let lines = 0;
  for await (const grant of grants) {
    block += writeLine(grant, format);
    lines += 1;
    if (lines % LINES !== 0) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}
