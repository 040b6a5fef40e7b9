/**
 * Requests are taken as their schemas say, to the letter: nothing is dropped, converted or filled in. A misspelt
 * `expiresAt` that was silently dropped would be a grant without an end.
 */

import type { FastifyError, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

export const CLOSED = { additionalProperties: false } as const;

/** Of a route without parameters. */
export const NO_QUERY = Type.Object({}, CLOSED);

/** A stranger's key is quoted up to here. */
const QUOTED_MAX = 100;

const PARTS: Readonly<Record<string, string>> = { body: 'key', querystring: 'parameter' };

/** One sentence, where the error is about a name that the schema does not know. */
export function unknownName(error: Partial<FastifyError>, request: FastifyRequest): string | undefined {
  const { validation, validationContext = '' } = error;
  const name = validation?.[0]?.params.additionalProperty;
  const part = PARTS[validationContext];
  if (typeof name !== 'string' || part === undefined) return undefined;
  const quoted = name.length > QUOTED_MAX ? `${name.slice(0, QUOTED_MAX)}…` : name;
  const known = Object.keys(propertiesOf(request, validationContext));
  return `There is no ${part} '${quoted}'; this takes ${known.length === 0 ? 'none' : known.join(', ')}.`;
}

/** All of our schemas are flat, so the unknown name is of the part itself. */
function propertiesOf(request: FastifyRequest, part: string): object {
  const schemas: Readonly<Record<string, unknown>> = { ...request.routeOptions.schema };
  const { properties = {} } = schemas[part] as { properties?: object };
  return properties;
}
