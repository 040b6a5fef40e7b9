/** What a setting is: how it is read from its text, what it is without one, and what may be shown of it. */

import { duration } from './numbers.js';

export interface Setting<T> {
  readonly initial: T;
  readonly parse: (text: string) => T;
  readonly help: string;
  readonly secret?: true;
  /** What may be shown of a secret. */
  readonly shown?: (text: string) => string;
  /** How the default would be written, where it is not the value itself. */
  readonly initialText?: string;
}

export function setting<T>(help: string, initial: T, parse: (text: string) => T): Setting<T> {
  return { help, initial, parse };
}

export function optional<T>(help: string, parse: (text: string) => T): Setting<T | undefined> {
  return { help, initial: undefined, parse };
}

/** In milliseconds, from a text such as `7d`. */
export function durationSetting(help: string, initialText: string, parse = duration): Setting<number> {
  return { help, initial: parse(initialText), initialText, parse };
}

/** It may also come in a file, by the name with _FILE, and is never shown. */
export function secretSetting<T>(help: string, parse: (text: string) => T) {
  return { ...optional(help, parse), secret: true } as const;
}
