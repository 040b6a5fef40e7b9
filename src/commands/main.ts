/** Finds the command, parses its arguments, runs it, and turns every error into one line and an exit code. */

import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from '../config.js';
import { KeyProblem } from '../credentials/secret-text.js';
import { type Environment, withAbsoluteFiles } from '../settings/environment.js';
import { COMMANDS, type CommandName, isCommandName } from './catalogue.js';
import {
  type Command,
  DONE,
  type ExitCode,
  FAILED,
  type OptionSpecs,
  type OptionValues,
  type Output,
  REFUSED,
  RefusedError,
  UsageError,
  WRONG_USAGE,
} from './command.js';
import { commandHelp, GLOBAL_OPTIONS, generalHelp, version } from './help.js';

export async function main(argv: readonly string[], env: Environment): Promise<ExitCode> {
  // `latchkey export | head`: a reader that has had enough is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(DONE);
    complain(`standard output cannot be written: ${error.message}`);
    process.exit(FAILED);
  });
  let tryLine = 'latchkey --help';
  try {
    const { name, rest } = splitName(argv);
    if (name === undefined) return withoutCommand(argv);
    if (!isCommandName(name)) throw new UsageError(`there is no command '${name}'`);
    tryLine = `latchkey ${name} --help`;
    const command = await COMMANDS[name].load();
    return await runCommand(name, command, rest, env);
  } catch (error) {
    return report(error, tryLine);
  }
}

/** The command may stand behind global options: `latchkey --data DIR grant …`. */
function splitName(argv: readonly string[]): { name: string | undefined; rest: readonly string[] } {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--data' || word === '--database') i += 1;
    else if (!word.startsWith('-')) return { name: word, rest: argv.toSpliced(i, 1) };
  }
  return { name: undefined, rest: argv };
}

function withoutCommand(argv: readonly string[]): ExitCode {
  const { values } = parsed(argv, {});
  if (values.version === true) {
    process.stdout.write(`${version()}\n`);
    return DONE;
  }
  if (values.help !== true && argv.length > 0) throw new UsageError('a command is missing');
  process.stdout.write(generalHelp());
  return DONE;
}

async function runCommand(
  name: CommandName,
  command: Command,
  argv: readonly string[],
  env: Environment,
): Promise<ExitCode> {
  const { values, positionals } = parsed(argv, command.options ?? {});
  if (values.help === true) {
    process.stdout.write(commandHelp(name, command));
    return DONE;
  }
  const [least, most] = command.takes;
  if (positionals.length < least || positionals.length > most) {
    throw new UsageError(`the usage is: latchkey ${name} ${command.usage}`.trimEnd());
  }
  const overridden = withAbsoluteFiles({ ...env, ...overrides(values) });
  return command.run({
    positionals,
    options: values,
    config: loadConfig(overridden),
    env: overridden,
    output: outputOf(values.json === true),
  });
}

function parsed(argv: readonly string[], options: OptionSpecs) {
  try {
    const all = {
      ...GLOBAL_OPTIONS,
      ...options,
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean' },
    } as const;
    const { values, positionals } = parseArgs({ args: [...argv], options: all, allowPositionals: true });
    return { values: values as OptionValues, positionals };
  } catch (error) {
    // parseArgs explains its errors over several sentences; the first names the option.
    throw new UsageError(firstSentence((error as Error).message));
  }
}

function overrides(values: OptionValues): Environment {
  return {
    ...(typeof values.data === 'string' && { LATCHKEY_DATA: values.data }),
    ...(typeof values.database === 'string' && {
      LATCHKEY_DATABASE_URL: values.database,
      LATCHKEY_DATABASE_URL_FILE: '',
    }),
  };
}

function outputOf(json: boolean): Output {
  return {
    json,
    result: (value, lines) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
      else for (const line of lines) process.stdout.write(`${line}\n`);
    },
    note: complain,
  };
}

function report(error: unknown, tryLine: string): ExitCode {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) complain(problem);
    return WRONG_USAGE;
  }
  if (error instanceof KeyProblem) {
    process.stderr.write(`latchkey: ${error.message}\n`);
    return WRONG_USAGE;
  }
  const message = error instanceof Error ? error.message : String(error);
  complain(message);
  if (error instanceof RefusedError) return REFUSED;
  if (!(error instanceof UsageError)) return FAILED;
  process.stderr.write(`Try: ${tryLine}\n`);
  return WRONG_USAGE;
}

/** One line. What it quotes may come from a stranger's file and is not to reach the terminal as a command. */
function complain(message: string): void {
  const printable = message.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  process.stderr.write(`latchkey: ${printable}\n`);
}

function firstSentence(message: string): string {
  const [first = message] = message.split(/\.\s/);
  return first.charAt(0).toLowerCase() + first.slice(1);
}
