import { type Command, DONE, flag, textOption, valued } from './command.js';
import { openSource, Reading } from './grant-source.js';
import { resultInForce, WAIT_DETAILS, waitOptions } from './in-force.js';
import { withStore } from './session.js';

export const command: Command = {
  usage: 'FILE|- [--format csv|jsonl] [--dry-run]',
  summary: 'Sets the grants of a file in one transaction: all of them, or with one bad line none.',
  details: [
    'FILE is - for standard input.',
    'CSV has the header principal,action,path,effect,notBefore,expiresAt, the last three optional; JSON Lines',
    'has the same keys. Times are ISO 8601 with a zone. Every bad line is reported with its number.',
    ...WAIT_DETAILS,
  ],
  options: {
    format: valued('csv|jsonl', 'told from the first character, unless it is given'),
    'dry-run': flag('check every line and write nothing'),
    ...waitOptions,
  },
  takes: [1, 1],
  run: async (invocation) => {
    const { options, output, positionals } = invocation;
    const source = await openSource(positionals[0] ?? '-', textOption(options, 'format'));
    const reading = new Reading(source, output);
    try {
      if (options['dry-run'] === true) {
        let rows = 0;
        for await (const batch of reading.batches()) rows += batch.length;
        reading.end();
        output.result({ rows, dryRun: true }, [`${rows} grants are good; nothing was written (--dry-run)`]);
        return DONE;
      }
      return await withStore(invocation, async (session) => {
        const { value, revision } = await session.acl.importGrants(reading.batches());
        reading.end(); // before the result: else it stands behind the bar
        const rate = Math.round((value.added + value.replaced) / reading.seconds);
        const line = `imported: ${value.added} added, ${value.replaced} replaced, ${rate} a second`;
        const json = { ...value, revision, seconds: reading.seconds };
        // Denies among them, and what replaces a wider allow.
        await resultInForce(invocation, session, json, [line]);
        return DONE;
      });
    } finally {
      reading.end();
      source.stream.destroy();
    }
  },
};
