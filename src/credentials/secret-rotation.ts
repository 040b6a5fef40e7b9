/** New secrets of access tokens, with the time at which they were made in their key ids; pure but for the chance. */

import { randomBytes } from 'node:crypto';
import type { SigningSecret } from './secret-text.js';

const SECRET_BYTES = 32;
/** `20261103T141500Z-3f9a`: when it was made, and something that two of one second do not share. */
const DATED = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{4}$/;

/** @param at UTC milliseconds */
export function freshSecret(at: number): SigningSecret {
  const second = new Date(at).toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  const id = `${second.replaceAll(/[-:]/g, '')}Z-${randomBytes(2).toString('hex')}`;
  return { id, secret: randomBytes(SECRET_BYTES).toString('hex') };
}

/** UTC milliseconds; `undefined` where somebody else chose the id, or there is none. */
export function madeAt(id: string | undefined): number | undefined {
  const [, year, month, day, hour, minute, second] = DATED.exec(id ?? '') ?? [];
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(instant) ? undefined : instant;
}
