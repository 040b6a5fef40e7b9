/** The services as processes of their own, each started by this same CLI. */

import { fileURLToPath } from 'node:url';
import type { Config } from '../config.js';
import { FILES_HEAP_ARGS, HEAP_ARGS } from '../host/heap.js';
import type { Part } from '../host/supervisor.js';
import type { Environment } from '../settings/environment.js';

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));

export function authorizerSocket(n: number): string {
  return `run/authorizer-${n}.sock`;
}

export function authorizerPart(n: number, config: Config, env: Environment): Part {
  const args = [...HEAP_ARGS, CLI, 'authorizer', '--listen', authorizerSocket(n)];
  return servicePart(`authorizer-${n}`, args, config, env);
}

export function filesPart(config: Config, env: Environment): Part {
  return servicePart('files', [...FILES_HEAP_ARGS, CLI, 'files'], config, env);
}

function servicePart(name: string, args: readonly string[], config: Config, env: Environment): Part {
  return {
    name,
    program: process.execPath,
    args,
    env: { ...env, LATCHKEY_DATA: config.dataFolder },
    tellsWhenReady: true,
  };
}
