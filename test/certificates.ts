/** An authority of the test's own, and certificates of it, by Debian's openssl. */

import { execFileSync } from 'node:child_process';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** @param days how long it holds; negative: it has expired */
  issue(name: string, options?: { readonly days?: number }): Certificate;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** @param folder where its files are made, by their names */
export function authority(folder: string, name: string): Authority {
  const [cert, key] = [`${folder}/${name}.pem`, `${folder}/${name}.key`];
  openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`);
  let issued = 0;
  return {
    cert,
    key,
    issue: (host, { days = 1 } = {}) => {
      const base = `${folder}/${name}-${++issued}`;
      const made = { cert: `${base}.pem`, key: `${base}.key` };
      const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
      openssl('req', ...NEW_KEY, '-keyout', made.key, '-out', `${base}.csr`, ...names);
      const by = ['-CA', cert, '-CAkey', key, '-CAcreateserial', '-copy_extensions', 'copy'];
      openssl('x509', '-req', '-in', `${base}.csr`, ...by, '-days', String(days), '-out', made.cert);
      return made;
    },
  };
}

function openssl(...words: readonly string[]): void {
  try {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOENT' ? new Error("openssl is missing: 'apt-get install openssl'") : error;
  }
}
