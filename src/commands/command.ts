/** What a command is, and what it is given. One file a command; `main.ts` finds, parses and runs it. */

import type { Config } from '../config.js';
import type { ExitCode } from '../exit-code.js';
import type { Environment } from '../settings/environment.js';

export { DONE, type ExitCode, FAILED, REFUSED, WRONG_USAGE } from '../exit-code.js';

export type OptionValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

export interface Invocation {
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  readonly config: Config;
  readonly env: Environment;
  readonly output: Output;
}

/** As node:util's parseArgs takes it, with what --help says of it. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** How --help names its value. */
  readonly value?: string;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** `--name` */
export function flag(help: string): OptionSpec {
  return { type: 'boolean', help };
}

/** `--name VALUE`; given twice, the last one counts. */
export function valued(value: string, help: string): OptionSpec {
  return { type: 'string', value, help };
}

/** `--name VALUE`, as often as wanted. */
export function repeated(value: string, help: string): OptionSpec {
  return { type: 'string', multiple: true, value, help };
}

export interface Command {
  /** What follows the command's name. */
  readonly usage: string;
  readonly summary: string;
  /** Further lines for --help. */
  readonly details?: readonly string[];
  readonly options?: OptionSpecs;
  /** How many positionals it takes, least and most. */
  readonly takes: readonly [number, number];
  run(invocation: Invocation): Promise<ExitCode>;
}

export interface Output {
  readonly json: boolean;
  /** Writes a result: the value with --json, else the lines. */
  result(value: unknown, lines: readonly string[]): void;
  /** A remark for a person, on standard error. */
  note(message: string): void;
}

/** Wrong usage: exit 2, one line that says what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The input was understood and refused: exit 1. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function textOptions(options: OptionValues, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
