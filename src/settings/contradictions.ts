/** What is wrong between settings that are each right. Called by `config.ts`, with all that it has read. */

import type { FolderTypes } from '../uploads/folder-types.js';
import { typeProblems } from './inspection-settings.js';

interface Related {
  readonly LATCHKEY_PROXY_USER_HEADER: string | undefined;
  readonly LATCHKEY_PROXY_GROUPS_HEADER: string | undefined;
  readonly LATCHKEY_PROXY_SECRET: string | undefined;
  readonly LATCHKEY_PROXY_ADDRESSES: object | undefined;
  readonly LATCHKEY_SESSION_URL: string | undefined;
  readonly LATCHKEY_SESSION_COOKIES: readonly string[];
  readonly LATCHKEY_LOGIN_URL: string | undefined;
  readonly LATCHKEY_PUBLIC_URL: string | undefined;
  readonly LATCHKEY_MOUNT: string;
  /** Milliseconds, as the next. */
  readonly LATCHKEY_LINK_LIFETIME: number;
  readonly LATCHKEY_LINK_LIFETIME_MAX: number;
  readonly LATCHKEY_LINK_PREFIX: string;
  readonly LATCHKEY_SCAN_COMMAND: readonly string[] | undefined;
  readonly LATCHKEY_SCAN_URL: string | undefined;
  readonly LATCHKEY_UPLOAD_TYPES: readonly string[];
  readonly LATCHKEY_UPLOAD_TYPES_REFUSED: readonly string[];
  readonly LATCHKEY_UPLOAD_TYPES_BY_FOLDER: readonly FolderTypes[];
}

export function contradictions(values: Related): readonly string[] {
  const problems: string[] = [];
  const proof = values.LATCHKEY_PROXY_SECRET ?? values.LATCHKEY_PROXY_ADDRESSES;
  if (values.LATCHKEY_PROXY_USER_HEADER !== undefined && proof === undefined) {
    problems.push(
      'LATCHKEY_PROXY_USER_HEADER needs LATCHKEY_PROXY_SECRET or LATCHKEY_PROXY_ADDRESSES: without a proof any client could send the header',
    );
  }
  if (values.LATCHKEY_PROXY_USER_HEADER === undefined && values.LATCHKEY_PROXY_GROUPS_HEADER !== undefined) {
    problems.push("LATCHKEY_PROXY_GROUPS_HEADER needs LATCHKEY_PROXY_USER_HEADER: groups are somebody's");
  }
  if (values.LATCHKEY_SESSION_URL !== undefined && values.LATCHKEY_SESSION_COOKIES.length === 0) {
    problems.push(
      'LATCHKEY_SESSION_URL needs LATCHKEY_SESSION_COOKIES: only the named cookies are sent there',
    );
  }
  if (values.LATCHKEY_LINK_LIFETIME > values.LATCHKEY_LINK_LIFETIME_MAX) {
    problems.push(
      'LATCHKEY_LINK_LIFETIME is longer than LATCHKEY_LINK_LIFETIME_MAX: a link would end before',
    );
  }
  if (values.LATCHKEY_LINK_PREFIX.startsWith(values.LATCHKEY_MOUNT)) {
    problems.push(
      'LATCHKEY_LINK_PREFIX is below LATCHKEY_MOUNT, where the private files are: name another one',
    );
  }
  if (values.LATCHKEY_SCAN_COMMAND !== undefined && values.LATCHKEY_SCAN_URL !== undefined) {
    problems.push('LATCHKEY_SCAN_COMMAND and LATCHKEY_SCAN_URL exclude each other: one of them says yes');
  }
  problems.push(...typeProblems(values));
  const { LATCHKEY_LOGIN_URL: login, LATCHKEY_PUBLIC_URL: site } = values;
  if (login !== undefined && !login.startsWith('/') && site === undefined) {
    problems.push(
      'LATCHKEY_LOGIN_URL on another host needs LATCHKEY_PUBLIC_URL, to name where to come back to',
    );
  }
  return problems;
}
