/** The services as processes of their own, each started by this same CLI. */

import { fileURLToPath } from 'node:url';
import type { Config, Environment } from '../config.js';
import { HEAP_ARGS } from '../host/heap.js';
import type { Part } from '../host/supervisor.js';

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));

export function authorizerSocket(n: number): string {
  return `run/authorizer-${n}.sock`;
}

export function authorizerPart(n: number, config: Config, env: Environment): Part {
  return servicePart(`authorizer-${n}`, ['authorizer', '--listen', authorizerSocket(n)], config, env);
}

export function filesPart(config: Config, env: Environment): Part {
  return servicePart('files', ['files'], config, env);
}

function servicePart(name: string, args: readonly string[], config: Config, env: Environment): Part {
  return {
    name,
    program: process.execPath,
    args: [...HEAP_ARGS, CLI, ...args],
    env: { ...env, LATCHKEY_DATA: config.dataFolder },
    tellsWhenReady: true,
  };
}
