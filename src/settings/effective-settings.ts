/** The settings as `latchkey config` shows them: each with its value in force, where it is from, and what it is. */

import { type Environment, givenText } from './environment.js';
import type { Setting } from './setting.js';
import { SETTINGS } from './settings.js';

type Name = keyof typeof SETTINGS;

const MASK = '********';

export interface EffectiveSetting {
  readonly name: string;
  /** As it would be written in the environment; a secret is masked. */
  readonly value: string;
  readonly source: 'environment' | 'file' | 'default';
  readonly help: string;
}

/** Every setting with the value in force, for `latchkey config`. */
export function effectiveSettings(env: Environment): readonly EffectiveSetting[] {
  return (Object.entries(SETTINGS) as [Name, Setting<unknown>][]).map(([name, spec]) => {
    const given = givenText(name, env);
    const file = spec.secret ? givenText(`${name}_FILE`, env) : undefined;
    const source = given !== undefined ? 'environment' : file !== undefined ? 'file' : 'default';
    const shown = source === 'default' ? shownDefault(name, spec) : (given ?? '');
    const masked = given === undefined ? MASK : (spec.shown?.(given) ?? MASK);
    return { name, value: spec.secret && source !== 'default' ? masked : shown, source, help: spec.help };
  });
}

/** Every setting with what it is, for `latchkey config --help`. */
export function settingHelp(): readonly (readonly [name: string, help: string])[] {
  return (Object.entries(SETTINGS) as [Name, Setting<unknown>][]).flatMap(([name, { help, secret }]) => {
    const own = [name, help] as const;
    return secret ? [own, [`${name}_FILE`, 'a file that holds it, in its place'] as const] : [own];
  });
}

function shownDefault(name: Name, spec: Setting<unknown>): string {
  if (Array.isArray(spec.initial)) return spec.initial.join(',');
  if (spec.initialText !== undefined) return spec.initialText;
  if (name === 'LATCHKEY_HOME') return '/users/{user}/';
  return spec.initial === undefined ? '' : String(spec.initial);
}
