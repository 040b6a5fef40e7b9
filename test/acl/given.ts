/**
 * What tests of the core are given: branded values from plain text, grants in one line, and properties.
 *
 * A value that the sources refuse is a typing error in a test, so it throws here. Must never decide anything.
 */

import fc from 'fast-check';
import type { Test } from 'tap';
import { parseAction } from '../../src/acl/action.js';
import type { Grant } from '../../src/acl/grant.js';
import type { StoredPathFacts } from '../../src/acl/ports.js';
import { type Principal, parsePrincipal } from '../../src/acl/principal.js';
import { parseResourcePath, type ResourcePath } from '../../src/acl/resource-path.js';

export function path(text: string): ResourcePath {
  return known(parseResourcePath(text), text);
}

export function principal(text: string): Principal {
  return known(parsePrincipal(text), text);
}

const LINE =
  /^(?:#(?<id>\d+) )?(?<who>\S+) (?<deny>deny )?(?<action>\S+) (?<path>\S+)(?: from (?<from>\d+))?(?: until (?<until>\d+))?$/;

/** `#7 user:bob deny read /team/ from 1000 until 2000`; without a number, `id` is the grant's. */
export function grant(line: string, id = 1): Grant {
  const { groups: parts = {} } = known(LINE.exec(line) ?? undefined, line);
  const instant = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return {
    id: instant(parts.id) ?? id,
    principal: principal(parts.who ?? ''),
    path: path(parts.path ?? ''),
    action: known(parseAction(parts.action ?? ''), line),
    effect: parts.deny === undefined ? 'allow' : 'deny',
    notBefore: instant(parts.from),
    expiresAt: instant(parts.until),
  };
}

/** Grants numbered in the order of the lines, from 1. */
export function grants(lines: readonly string[]): Grant[] {
  return lines.map((line, i) => grant(line, i + 1));
}

/** The path and each folder above it, nearest first, with those of the grants that are on it. */
export function chainOf(asked: string, all: readonly Grant[], committing: readonly string[] = []) {
  const folders = [...asked.matchAll(/\//g)].map((slash) => asked.slice(0, slash.index + 1));
  const nearestFirst = [...new Set([...folders, asked])].reverse();
  return nearestFirst.map((on): StoredPathFacts => {
    const here = Map.groupBy(
      all.filter((one) => one.path === on),
      (one) => one.principal,
    );
    return { path: path(on), grants: here, committing: committing.includes(on) };
  });
}

/** Asserts a property; when it fails, the message is fast-check's: seed and smallest counterexample. */
export async function holds<T>(t: Test, property: fc.IRawProperty<T>, numRuns: number): Promise<void> {
  const details = await fc.check(property, { numRuns });
  const report = details.failed ? await fc.asyncDefaultReportMessage(details) : undefined;
  t.equal(report, undefined, `holds in ${numRuns} runs`);
}

/** Text as it may stand in the name of an assertion: on one line (TAP's parser splits at U+2028), and cut. */
export function shown(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
  return JSON.stringify(cut).replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`,
  );
}

function known<T>(value: T | undefined, text: string): T {
  if (value === undefined)
    throw new Error(`a test is given what the sources refuse: ${JSON.stringify(text)}`);
  return value;
}
