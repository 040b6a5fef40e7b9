/** Requests of the tus protocol by hand, over whatever asks; and what their metadata looks like. */

import type { Answer, Ask, AskOptions } from './asking-files.js';

export const UPLOADS = '/_latchkey/uploads/';
export const VERSION = { 'tus-resumable': '1.0.0' };
export const BYTES = { 'content-type': 'application/offset+octet-stream' };

type Headers = Readonly<Record<string, string>>;

/** `Upload-Metadata` of names and texts. */
export function metadata(texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts)
    .map(([name, text]) => `${name} ${Buffer.from(text).toString('base64')}`)
    .join(',');
}

export interface Creation {
  readonly as?: string;
  readonly length?: number;
  readonly headers?: Headers;
  readonly body?: string;
}

export function tusOver(ask: Ask) {
  const send = (method: string, target: string, { headers = {}, ...rest }: AskOptions = {}) =>
    ask(method, target, { ...rest, headers: { ...VERSION, ...headers } });
  return {
    send,
    create: (
      texts: Readonly<Record<string, string>>,
      { length, headers = {}, ...rest }: Creation = {},
    ): Promise<Answer> =>
      send('POST', UPLOADS, {
        ...rest,
        headers: {
          'upload-metadata': metadata(texts),
          ...(length === undefined ? {} : { 'upload-length': String(length) }),
          ...(rest.body === undefined ? {} : BYTES),
          ...headers,
        },
      }),
    patch: (at: string, offset: number, { headers = {}, ...rest }: AskOptions = {}): Promise<Answer> =>
      send('PATCH', at, { ...rest, headers: { ...BYTES, 'upload-offset': String(offset), ...headers } }),
    head: (at: string, options: AskOptions = {}) => send('HEAD', at, options),
    end: (at: string, options: AskOptions = {}) => send('DELETE', at, options),
  };
}

export function locationOf({ status, headers, text }: Answer): string {
  if (status !== 201 || headers.location === undefined) throw new Error(`${status}: ${text}`);
  return headers.location;
}
