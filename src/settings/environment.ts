/**
 * The environment as settings read it: each from its own text or from a file that holds it, and no LATCHKEY_… name that
 * is none.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Setting } from './setting.js';
import { SettingProblem } from './setting-problem.js';
import { SETTINGS } from './settings.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The working directory becomes the data folder: a file that is named from where we were started needs its root. */
export function withAbsoluteFiles(env: Environment): Environment {
  const files = Object.entries(SETTINGS)
    .map(([name, spec]) => ('secret' in spec ? `${name}_FILE` : name))
    .filter((name) => name.endsWith('_FILE'))
    .flatMap((name) => (env[name] ? [[name, resolve(env[name])] as const] : []));
  return { ...env, ...Object.fromEntries(files) };
}

export function readSetting(
  name: string,
  spec: Setting<unknown>,
  env: Environment,
  problems: string[],
): unknown {
  try {
    const given = givenText(name, env);
    const fromFile = spec.secret ? secretFile(name, env) : undefined;
    if (given !== undefined && fromFile !== undefined)
      throw new SettingProblem(`and ${name}_FILE exclude each other`);
    const chosen = given ?? fromFile;
    return chosen === undefined ? spec.initial : spec.parse(chosen);
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    problems.push(`${name} ${error.message}`);
    return spec.initial;
  }
}

/** Empty is 'not given', but for the one setting that an empty value switches off. */
export function givenText(name: string, env: Environment): string | undefined {
  const given = env[name];
  return given === '' && name !== 'LATCHKEY_HOME' ? undefined : given;
}

/** An empty file is an empty secret, which is none: it must not pass for 'not given'. */
function secretFile(name: string, env: Environment): string | undefined {
  const file = givenText(`${name}_FILE`, env);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new SettingProblem(`cannot be read from ${file}: ${(error as Error).message}`);
  }
}

export function unknownNames(env: Environment): string[] {
  const known = Object.entries(SETTINGS).flatMap(([name, spec]) =>
    'secret' in spec ? [name, `${name}_FILE`] : [name],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('LATCHKEY_') && !known.includes(name))
    .map((name) => `${name} is not a setting of this version: 'latchkey config --help' lists them`);
}
