#!/usr/bin/env node
/** The entry: argv → one command → exit code. On a Node that is too old it says so, before anything is loaded. */

const NODE_MIN = [22, 14] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  process.stderr.write(
    `latchkey: this is Node ${process.versions.node}, and ${NODE_MIN.join('.')} or newer is needed: run it by npx or npm, which bring one\n`,
  );
  process.exitCode = 2;
} else {
  const { main } = await import('./commands/main.js');
  process.exitCode = await main(process.argv.slice(2), process.env);
}
